"""Written answers as HTML: what was meant is shown, what could run or load is not, and no answer costs much."""

import base64
import json
import re
from html.parser import HTMLParser

import pytest

from course_lib.classroom.sanitise import sanitise
from course_lib.classroom.written import MATHS, MAX_DEPTH, MAX_MARKDOWN, TAGS, pasted, written
from tests.classroom.hostile import ANSWERS

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


class Parts(HTMLParser):
    """The tags and attributes of a piece of HTML."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


@pytest.mark.parametrize("name", ANSWERS)
def test_of_a_hostile_answer_only_harmless_html_is_left(name):
    page = written(ANSWERS[name])
    parts = Parts(page)
    assert parts.tags <= TAGS | MATHS
    for attribute, value in parts.attributes:
        assert not attribute.startswith("on")
        assert attribute not in ("id", "name", "href", "srcset", "action", "data", "formaction", "background")
        assert attribute != "src" or value.startswith("data:image/")
        assert attribute != "style" or re.fullmatch(r"text-align:\s*\w+;?", value)
        assert attribute != "class" or re.fullmatch(r"highlight|[a-z]\w{0,2}", value)
    assert page.count("an honest sentence") >= 2


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("**bold** and *plain*, `x < y`", "<strong>bold</strong> and <em>plain</em>, <code>x &lt; y</code>"),
        ("| a | b |\n|--:|---|\n| 1 | 2 |", '<td style="text-align:right">1</td>'),
        ("H<sub>2</sub>O<br>x<sup>2</sup>", "H<sub>2</sub>O<br>x<sup>2</sup>"),
        ("5. five", '<ol start="5">'),
        ("- [x] done\n- [ ] open", "<li>☑ done</li>\n<li>☐ open</li>"),
        ("```python\ndef f(x): return x\n```", '<span class="k">def</span>'),
        ("```unheard\na < b\n```", "a &lt; b"),
        ("[Attention](https://arxiv.org/abs/1706.03762)", "Attention (https://arxiv.org/abs/1706.03762)"),
        ("<https://a.org/?b=1&c=2>", "<p>https://a.org/?b=1&amp;c=2</p>"),
        ("me@a.org", "me@a.org"),
        ("# A heading", "<h1>A heading</h1>"),
        ("3 < 4 & 5 > 2", "3 &lt; 4 &amp; 5 &gt; 2"),
        ("it costs 5$ for $K$", "<math"),
    ],
)
def test_what_was_meant_is_shown(source, page):
    assert page in written(source)


@pytest.mark.parametrize(
    ("source", "pieces"),
    [
        (r"$K$", ["<math", "<mi>K</mi>"]),
        (r"divide by $\sqrt{K}$.", ["<msqrt>", "<mi>K</mi>"]),
        (
            r"$$\mathrm{softmax}\left(\frac{QK^\top}{\sqrt{K}}\right)V$$",
            ['display="block"', "<mfrac>", "<msup>"],
        ),
        (r"\begin{align}a &= b \\ c &= d\end{align}", ["<mtable", "<mtr>"]),
        (r"$\begin{bmatrix}1 & 2\\3 & 4\end{bmatrix}$", ["<mtable", "<mn>4</mn>"]),
        (r"$$\sum_{i=1}^{n} x_i < 3$$", ["<munderover>", "&lt;"]),
        (r"$$\text{a \& b} \quad \mathbb{E}[X]$$", ["<mtext>"]),
        (r"$a$ | `$b$` | $c$", ["<mi>a</mi>", "<code>$b$</code>", "<mi>c</mi>"]),
        (r"$\left($", [r"<code>\left(</code>"]),
        ("$\\unheard{x}$", ["unheard"]),
    ],
)
def test_formulas_become_mathml_and_keep_their_source(source, pieces):
    page = written(source)
    assert [piece for piece in pieces if piece not in page] == []
    assert "\ue000" not in page


def test_a_formula_brings_no_link_no_script_and_nothing_of_its_own_size():
    page = written(r"$\href{javascript:alert(1)}{x} \class{score}{y} \style{position:fixed}{z} \text{&lt;img src=x&gt;}$"
                   r"$\rule{9999em}{9999em} \hspace{9999em} \text{<script>alert(1)</script>}$")  # fmt: skip
    parts = Parts(page)
    assert parts.tags <= TAGS | MATHS
    assert not {name for name, _ in parts.attributes} & {
        "href",
        "class",
        "style",
        "height",
        "depth",
        "voffset",
    }
    assert '9999em"' not in page


def test_a_pasted_picture_is_shown_and_others_are_named():
    pictures = {"my dot.png": {"image/png": DOT}, "b.svg": {"image/svg+xml": "PHN2Zy8+"}, "c.png": 5, "d": {}}
    text = "![dot](<attachment:my dot.png>) ![b](attachment:b.svg) ![no](attachment:no.png) ![out](https://a.org/x.png)"
    page = written(text, pictures)
    assert f'<img src="data:image/png;base64,{DOT}" alt="dot">' in page
    for name in ("attachment:b.svg", "attachment:no.png", "https://a.org/x.png"):
        assert f"[a picture that is not shown: {name}]" in page
    assert f'src="data:image/png;base64,{DOT}"' in written(f"![dot](data:image/png;base64,{DOT})")
    assert f'src="data:image/png;base64,{DOT}"' in written(
        f'<img width=200 src="data:image/png;base64,{DOT}">'
    )
    assert "<img" not in written("![x](data:image/svg+xml;base64,PHN2Zy8+)")
    assert pasted(pictures) == ({"my dot.png": {"image/png": DOT}}, ["b.svg", "c.png", "d"])


@pytest.mark.parametrize(
    "odd", [None, 5, [], "x", {"a": None}, {"a": {"image/png": 5}}, {"a": {"image/png": [1]}}]
)
def test_odd_attachments_are_no_pictures(odd):
    assert pasted(odd)[0] == {}
    assert "[a picture that is not shown: attachment:a]" in written("![x](attachment:a)", odd)


@pytest.mark.parametrize(
    ("source", "most"),
    [
        ("![](attachment:a)" * 580, 5_100_000),
        ("[a]: data:image/png;base64," + "A" * 80_000 + "\n\n" + "![x][a] " * 1000, 5_300_000),
        ("[a]: http://x/" + "&" * 600 + "\n\n" + "[a] " * 2300, 100_000),
        ("[a]: http://x/" + "&" * 600 + "\n\n" + "![][a] " * 1300, 1_500_000),
    ],
)
def test_what_is_used_many_times_is_not_shown_as_often(source, most):
    assert len(source) < len(written(source, {"a": {"image/png": "A" * 100_000}})) < most


def test_half_a_surrogate_in_the_name_of_a_picture_can_be_saved():
    kept, left_out = pasted({"\ud800.png": {"image/png": DOT}, "\udfff": {}})
    assert (list(kept), left_out) == (["?.png"], ["?"])
    assert "<img" in written("![x](attachment:\ud800.png)", kept)


def test_the_pictures_of_one_answer_have_a_limit():
    large = {name: {"image/png": base64.b64encode(bytes(1_500_000)).decode()} for name in "abc"}
    kept, left_out = pasted(large)
    assert (list(kept), left_out) == (["a", "b"], ["c"])


def test_pictures_reach_the_rebuilt_submission(released, submission):
    sent = submission(question="![dot](attachment:dot.png) ![b](attachment:b.svg)")
    sent["cells"][-1]["attachments"] = {"dot.png": {"image/png": DOT}, "b.svg": {"image/svg+xml": "PHN2Zy8+"}}
    notebook, notes = sanitise(released, json.dumps(sent).encode())
    assert notebook["cells"][-1]["attachments"] == {"dot.png": {"image/png": DOT}}
    assert "pictures in question, not taken: b.svg" in notes


@pytest.mark.parametrize(
    "source", ["", " \n\t", "\u200b\ufeff\u00a0", "&nbsp;", "<!-- to do -->", "<!-- a --> <!-- b -->"]
)
def test_an_emptied_answer_is_the_stub(source, released, submission):
    notebook, _ = sanitise(released, json.dumps(submission(question=source, softmax=source)).encode())
    assert [cell["source"] for cell in notebook["cells"]] == [cell["source"] for cell in released["cells"]]


@pytest.mark.parametrize(
    "source", ["<!-- a --> x", "<!-- an answer", "0", "ö", "![x](attachment:a.png)", "$K$"]
)
def test_a_short_answer_is_one(source, released, submission):
    notebook, _ = sanitise(released, json.dumps(submission(question=source)).encode())
    assert notebook["cells"][-1]["source"] == source


PIECES = [
    r"\begin{a}", r"\begin{a}x\end{b}", "$$", "$ ", "$a", "$a$ ", r"$\frac{", "[", "![", "[a](", "> ", "- ", "  - a\n", "*a", "**a ",
    "`", "`` ", "~~~", "~~a", "<", "<a ", "<!--", "<b>", "<b title=a><p>", "<table>", "<p>", "&", "\\\\(", "\\\\[",
    "|a|b\n|-|-\n", "# a\n", "http://a.", "- [ ] ", "<![CDATA[", "<div>\n\n", "<math><mtext>", "<svg>", "{", "x^", "$x^{" + "{" * 400,
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_no_answer_breaks_the_page_or_is_nested_deeply(piece):
    page = written((piece * (MAX_MARKDOWN // len(piece) + 1))[:MAX_MARKDOWN])
    level = deepest = 0
    for closing, tag in re.findall(r"<(/?)(\w+)", page):
        level += 0 if tag in ("br", "hr", "img") else -1 if closing else 1
        deepest = max(level, deepest)
    assert level == 0
    assert deepest <= MAX_DEPTH
    assert len(page) < 100 * MAX_MARKDOWN


def test_what_is_too_long_is_shown_as_it_was_typed():
    page = written("<b>" + "x" * MAX_MARKDOWN)
    assert page.startswith(
        f"<p><em>[longer than {MAX_MARKDOWN:,} characters: shown as it was typed]</em></p>\n<pre>&lt;b&gt;x"
    )
