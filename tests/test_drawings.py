"""The drawings of the lessons are what `make drawings` writes, described, alone, legible, and nothing in them collides."""

import json
import re

import numpy as np
import pytest

from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from tests.drawings import problems
from tests.notebooks.lessons import lessons
from tools.drawings import DRAWINGS, FOLDER, __main__, text
from tools.drawings.others import bank, graph_numbers
from tools.drawings.svg import Drawing


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_up_to_date_and_keeps_the_rules(name):
    svg = DRAWINGS[name]().svg()
    assert (FOLDER / f"{name}.svg").read_bytes() == svg.encode(), "run `make drawings`"
    offences = problems(svg)
    assert not offences, "\n".join(offences)


def test_every_file_is_drawn_by_a_function():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.svg" for name in DRAWINGS}


def test_every_drawing_stands_in_a_lesson():
    text = "".join(path.read_text(encoding="utf-8") for path in lessons())
    assert [name for name in DRAWINGS if f"(drawings/{name}.svg)" not in text] == []


def test_the_sheet_shows_every_drawing():
    assert {name for name in DRAWINGS if __main__.sheet().count(f"/{name}.svg") == 4} == set(DRAWINGS)


# --- each rule can fail -----------------------------------------------------------------------------


def drawing():
    d = Drawing(
        200,
        120,
        "A box and a word",
        "A box with one word in it, beside it an arrow that leads to another word.",
    )
    d.box(10, 10, 80, 30, "inside")
    d.arrow((92, 25), (120, 25))
    d.label(150, 25, "W_{Q} x^{2}")
    d.weights(10, 60, np.array([[0.25, 0.5]]), (40, 24), allowed=[[True, False]])
    return d


BROKEN = {
    "a word too wide for its box": (
        lambda d: d.box(100, 60, 40, 30, "wider than this"),
        "is crossed by the line",
    ),
    "a number too wide for its cell": (
        lambda d: d.grid(100, 60, [[-123.4567, 1]], cell=(36, 22)),
        "is crossed by the line",
    ),
    "two words in one place": (lambda d: d.label(60, 25, "outside"), "'inside' and 'outside' overlap"),
    "a word that leaves": (lambda d: d.label(190, 100, "outside"), "'outside' comes too near to the border"),
    "an arrow through a word": (lambda d: d.arrow((100, 10), (190, 40)), "'WQ x2' is crossed"),
    "a word on a sign": (lambda d: (d.plus(130, 90), d.label(150, 90, "word")), "'word' is crossed"),
    "letters too small": (
        lambda d: d.label(150, 100, "small", size=6),
        "'small' is 6.0 pixels high on a phone",
    ),
    "a script": (lambda d: d.parts.append("<script/>"), "<script> does not belong"),
    "a link": (
        lambda d: d.parts.append('<path class="stroke-ink" d="M0 0" href="x"/>'),
        "href does not belong",
    ),
    "a handler": (
        lambda d: d.parts.append('<path class="stroke-ink" d="M0 0" onclick="x"/>'),
        "onclick does not belong",
    ),
    "a colour of its own": (
        lambda d: d.parts.append('<path fill="#ff0000" d="M0 0"/>'),
        "fill does not belong",
    ),
    "an unknown role": (
        lambda d: d.parts.append('<path class="stroke-mood" d="M0 0"/>'),
        "class stroke-mood has no colour",
    ),
    "no words for it": (lambda d: setattr(d, "desc", "A box."), "say too little"),
    "too wide": (lambda d: setattr(d, "width", 900), "it is 1125 pixels wide"),
}


def test_a_good_drawing_has_no_problems():
    assert problems(drawing().svg()) == []


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_wrong_is_named(broken):
    change, sentence = BROKEN[broken]
    d = drawing()
    change(d)
    assert any(sentence in problem for problem in problems(d.svg())), problems(d.svg())


def test_a_style_that_loads_something_or_lacks_dark_colours_is_noticed():
    svg = drawing().svg()
    assert "its style loads something" in problems(svg.replace("<style>", "<style>@import 'a.css';"))
    head, _, tail = svg.rpartition(".text-ink")
    assert "light and dark have other rules" in problems(head + tail.partition("}")[2])


def test_words_that_look_like_tags_are_words():
    d = drawing()
    d.label(130, 100, "<end> & <b>")
    assert problems(d.svg()) == [] and "&lt;end&gt; &amp;" in d.svg()


# --- what the drawings say is so --------------------------------------------------------------------


def test_the_gradients_of_the_graph_are_slopes():
    inputs = {"x": 2.0, "w": -0.5, "b": 2.5, "y": 3.0}
    values, grad = graph_numbers(**inputs)
    assert values == graph_numbers()[0]
    for name, value in inputs.items():
        up, down = (graph_numbers(**{**inputs, name: value + step})[0]["loss"] for step in (1e-6, -1e-6))
        assert grad[name] == pytest.approx((up - down) / 2e-6, rel=1e-6)


def test_the_network_writes_what_its_lesson_prints():
    lesson = next(path for path in lessons() if path.stem == "07_feed_forward")
    cells = {cell["id"]: cell for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"]}
    printed = re.findall(r"\d+\.\d*", "".join(cells["asks-code"]["outputs"][0]["text"]))
    token, _, h, _, written = bank()
    rows = np.array(printed[:6], float).reshape(3, 2), np.array(printed[6:], float).reshape(3, 5)
    np.testing.assert_allclose(rows[0][0], h)
    np.testing.assert_allclose(rows[1][0], token + written)


def test_the_sentence_is_one_of_the_course_and_the_model_is_as_sure_as_it_says():
    grammar = Grammar(ENGLISH)
    text_of_it = " ".join(text.SENTENCE)
    said = dict(
        re.findall(
            r'text-anchor="end">(old|other|quiet)</text>(?s:.*?)>(0\.\d\d)</text>', DRAWINGS["gpt"]().svg()
        )
    )
    true = dict(zip(grammar.words, grammar.next_token(f"<end> {text_of_it}"), strict=True))
    assert said.keys() == {word for word, chance in true.items() if chance > 0} == {"old", "other", "quiet"}
    assert all(abs(float(said[word]) - true[word]) < 0.02 for word in said)
