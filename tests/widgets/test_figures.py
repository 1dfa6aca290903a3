"""The figures: what they draw, what they say, and that the same arrays give the same picture."""

import inspect
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.cbook import is_math_text
from matplotlib.font_manager import fontManager
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from course_lib.lessons import LESSONS, NAMES, label
from course_lib.widgets import figures
from course_lib.widgets.course_map import CourseMap
from tests.notebooks.lessons import FOLDER

CHAPTERS = NAMES[1:]


def patches(picture):
    return [p for p in picture.figure.axes[0].patches if isinstance(p, Rectangle) and p.get_hatch()]


def texts(picture):
    return [t.get_text() for t in picture.figure.axes[0].texts]


def test_a_heatmap_writes_its_values_and_hatches_what_is_masked():
    mask = np.tri(3, dtype=bool)
    picture = figures.heatmap({"w": np.eye(3)}, "abc", "xyz", mask)
    assert len(patches(picture)) == 3
    assert sorted(texts(picture)) == ["0.00"] * 3 + ["1.00"] * 3
    assert [t.get_text() for t in picture.figure.axes[0].get_xticklabels()] == ["x", "y", "z"]


def test_a_masked_cell_is_hatched_even_when_its_value_is_the_largest():
    picture = figures.heatmap({"w": [[9.0, 0.1]]}, ["q"], ["a", "b"], np.array([[False, True]]))
    assert texts(picture) == ["0.10"] and len(patches(picture)) == 1


def test_a_large_heatmap_writes_no_values_and_thins_its_labels():
    picture = figures.heatmap({"w": np.random.default_rng(0).normal(size=(40, 50))}, range(40), range(50))
    assert texts(picture) == [] and len(picture.figure.axes[0].get_xticklabels()) <= 16


def test_labels_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"'w' has shape \(2, 3\), the labels say \(2, 2\)"):
        figures.heatmap({"w": np.zeros((2, 3))}, "ab", "xy")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.heatmap({"a": np.eye(2), "b": -np.eye(2)}, "pq", "rs", xlabel="key"),
        lambda: figures.lines(
            [1, 2, 4], {"up": [1, 2, 4], "down": [4, 2, 1]}, "x", "y", floors={"floor": 0.5}
        ),
        lambda: figures.lines([1, 2, 4], {"up": [1, 2, 4]}, "x", "y", log=True),
        lambda: figures.bars(["A", "B"], {"T = 1": [0.3, 0.7], "T = 2": [0.4, 0.6]}, "p", high=1),
        lambda: figures.arrows({"before": {"q": (1, 0)}, "after": {"q": (0, -1)}}, limit=1.2),
        lambda: figures.word_map(
            {"animals": {"cat": (0, 0), "dog": (0, 1)}, "food": {"rice": (2, 1)}}, "x", "y"
        ),
        lambda: figures.regions({"y": np.eye(3)}, [0, 1, 2], [0, 1, 2], [(0, 0, 1), (0, 2, 0)]),
        lambda: figures.paths(
            {"down": [[1, 1], [0.5, 0], [0, 0]]}, [0, 1], [0, 1, 2], np.arange(6).reshape(3, 2)
        ),
        lambda: figures.pictures({"a": np.eye(4), "b": np.ones((4, 4))}, columns=1, cell=2),
    ],
    ids=["heatmap", "lines", "log lines", "bars", "arrows", "word map", "regions", "paths", "pictures"],
)
def test_the_same_arrays_give_the_same_picture_and_a_sentence(draw):
    first, second = draw(), draw()
    png = first._repr_png_()
    assert png.startswith(b"\x89PNG") and png == second._repr_png_() and b"Software" not in png
    assert repr(first) == first.summary and "0x" not in repr(first) and "\n" not in repr(first)


def test_regions_mark_each_point_by_shape_and_draw_the_border_where_there_is_one():
    x1, x2 = np.linspace(0, 1, 5), np.linspace(0, 1, 4)
    slope, flat = np.tile(x1, (4, 1)), np.full((4, 5), 0.2)
    picture = figures.regions({"slope": slope, "flat": flat}, x1, x2, [(0, 1, 0), (1, 0, 1)])
    assert texts(picture) == ["0", "1"]
    left, right, _ = picture.figure.axes
    assert [line.get_marker() for line in left.lines] == ["o", "s"]
    # shades and border, in two colours; shades alone
    assert len(left.collections) == 3 and len(right.collections) == 1
    with pytest.raises(ValueError, match=r"'y' has shape \(5, 4\), x2 and x1 say \(4, 5\)"):
        figures.regions({"y": slope.T}, x1, x2, [])


def test_no_tick_stands_between_whole_numbers():
    axis = figures.lines(range(1, 21), {"loss": range(20)}, "words", "nats").figure.axes[0]
    assert all(tick == int(tick) for tick in axis.get_xticks())


def test_one_axis_or_both_are_logarithmic():
    def scales(log):
        picture = figures.lines([4, 16, 64], {"slope": [0.6, 0.3, 0.1]}, "width", "slope", log=log)
        (axis,) = picture.figure.axes
        return axis.get_xscale(), axis.get_yscale()

    assert [scales(log) for log in (False, "x", True)] == [
        ("linear", "linear"),
        ("log", "linear"),
        ("log", "log"),
    ]


def test_curves_differ_in_style_as_well_as_in_colour():
    axis = figures.lines([0, 1], {str(i): [i, i] for i in range(4)}, "x", "y").figure.axes[0]
    assert len({line.get_linestyle() for line in axis.lines}) == 4
    assert len({line.get_color() for line in axis.lines}) == 4


def test_a_word_map_names_every_word_once_and_no_name_covers_another():
    places = np.random.default_rng(0).normal(0, 0.03, size=(12, 2))
    crowd = {f"word{i}": place for i, place in enumerate(places)}
    picture = figures.word_map({"crowd": crowd, "far": {"hermit": (1, 0), "recluse": (-0.2, 1)}})
    assert sorted(texts(picture)) == sorted([*crowd, "hermit", "recluse"])
    picture._repr_png_()  # text has a size once it is drawn
    boxes = [text.get_window_extent() for text in picture.figure.axes[0].texts]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_a_word_map_has_a_colour_for_every_group_or_refuses():
    groups = {f"group {i}": {f"word{i}": (i, i)} for i in range(7)}
    colours = {str(dots.get_facecolor()) for dots in figures.word_map(groups).figure.axes[0].collections}
    assert len(colours) == 7
    with pytest.raises(ValueError, match="8 groups, but only 7 colours that stay apart"):
        figures.word_map(groups | {"one more": {"word": (0, 0)}})


def test_token_rows_draw_a_box_for_each_token_and_write_every_character():
    picture = figures.token_rows({"bytes": [*"low law"], "merged": ["low", " law"]})
    (axis,) = picture.figure.axes
    assert [box.get_width() for box in axis.patches] == [1] * 7 + [3, 4]
    assert "".join(texts(picture)) == "low␣lawlow␣law"
    assert [label.get_text() for label in axis.get_yticklabels()] == ["bytes: 7 tokens", "merged: 2 tokens"]
    assert repr(picture) == "Tokens of 'low law': bytes 7, merged 2"


def test_token_rows_refuse_rows_that_spell_different_texts():
    with pytest.raises(ValueError, match="the rows spell 2 different texts, expected one"):
        figures.token_rows({"a": ["low"], "b": ["lo"]})


def test_a_byte_that_is_part_of_a_character_stands_in_a_box_as_its_digits():
    picture = figures.token_rows(
        {"bytes": [b"\xc3", b"\xb1", b"a"], "cut": [b"\xc3", b"\xb1a"], "merged": ["ña"]}
    )
    assert texts(picture) == ["C3", "B1", "a", "C3", "B1", "a", "ñ", "a"]
    assert [box.get_width() for box in picture.figure.axes[0].patches] == [1, 1, 1, 1, 2, 3]
    assert repr(picture) == "Tokens of 'ña': bytes 3, cut 2, merged 1"
    assert texts(figures.token_rows({"all": ["‹$"]})) == ["‹", r"\$"]  # as matplotlib writes a dollar


# Texts that a formula, a legend or a font may do something else with than write them.
NASTY = [
    "$$",
    "$a$",
    "x_1$",
    r"\$\frac{",
    "你好",
    "👍🏽",
    "\n",
    "\t\0",
    "_hidden",
    "\ud83d",
    "الكتاب",
    "",
    "a" * 40,
]
EVERY_FIGURE = {
    "heatmap": lambda n: figures.heatmap(
        {one: np.eye(len(n)) for one in n[:2]}, n, n, xlabel=n[0], ylabel=n[1]
    ),
    "lines": lambda n: figures.lines(
        [1, 2], {one: [0, i] for i, one in enumerate(n)}, n[0], n[1], floors={n[2]: 1}
    ),
    "bars": lambda n: figures.bars(n, {one: np.ones(len(n)) for one in n[:2]}, n[0]),
    "arrows": lambda n: figures.arrows({n[0]: {one: (1, i) for i, one in enumerate(n)}}, limit=14),
    "token_rows": lambda n: figures.token_rows({n[0]: n, n[1]: n}),
    "word_map": lambda n: figures.word_map(
        {n[0]: {one: (i, 1) for i, one in enumerate(n)}, n[1]: {"a": (0, 0)}}, *n[:2]
    ),
    "regions": lambda n: figures.regions({n[0]: np.eye(2), n[1]: np.eye(2)}, [0, 1], [0, 1], []),
    "paths": lambda n: figures.paths({n[0]: [[0, 0], [1, 1]]}, [0, 1], [0, 1], [[0, 1], [2, 3]], n[1], n[2]),
    "pictures": lambda n: figures.pictures(dict.fromkeys(n, np.eye(2))),
}


def test_every_figure_is_tried_with_nasty_labels():
    public = {
        name
        for name, value in vars(figures).items()
        if inspect.isfunction(value) and value.__module__ == figures.__name__
    }
    assert {name for name in public if not name.startswith("_")} == {*EVERY_FIGURE, "new_axes", "ink_on"}


@pytest.mark.parametrize("turn", range(0, len(NASTY), 5))
@pytest.mark.parametrize("name", EVERY_FIGURE)
def test_any_text_can_be_a_label(name, turn, recwarn, caplog):
    picture = EVERY_FIGURE[name](NASTY[turn:] + NASTY[:turn])
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert [str(warning.message) for warning in recwarn] == [] and caplog.messages == []
    if name != "regions":  # whose axes are called x₁ and x₂, by a formula of its own
        assert not any(is_math_text(text.get_text()) for text in picture.figure.findobj(Text))


def test_a_dollar_and_an_underscore_are_drawn_as_they_are():
    picture = figures.lines([0, 1], {"$a$": [0, 1], "_b": [1, 0]}, "x", "y")
    picture._repr_png_()
    legend = [text._preprocess_math(text.get_text()) for text in picture.figure.legends[0].get_texts()]
    assert legend == [("$a$", False), ("_b", False)]


def test_a_character_without_a_font_is_its_number_until_one_is_installed(tmp_path, monkeypatch):
    monkeypatch.setattr(
        fontManager, "ttflist", [font for font in fontManager.ttflist if font.name.startswith("DejaVu")]
    )
    stranger = "\U000f1234"  # for private use: no font brings it
    ticks = lambda picture: picture.figure.axes[0].get_xticklabels()
    (tick,) = ticks(figures.bars([stranger], {"p": [1]}, "p"))
    assert tick.get_text() == "‹F1234›"
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "stranger"])
    builder.setupCharacterMap({ord(stranger): "stranger"})
    pen = TTGlyphPen(None)
    for at, move in [((0, 0), pen.moveTo), ((0, 700), pen.lineTo), ((700, 0), pen.lineTo)]:
        move(at)
    pen.closePath()
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "stranger": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "stranger": (800, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Strangers", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(tmp_path / "strangers.ttf")
    fontManager.addfont(tmp_path / "strangers.ttf")
    picture = figures.bars([stranger, "a"], {"p": [1, 1]}, "p")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture._repr_png_()
    assert [tick.get_text() for tick in ticks(picture)] == [stranger, "a"]
    assert [tick.get_fontfamily() for tick in ticks(picture)] == [["sans-serif", "Strangers"], ["sans-serif"]]


def test_a_path_starts_at_an_open_circle_ends_at_a_full_one_and_does_not_move_the_frame():
    axis = figures.paths({"off": [[0, 0], [9, 9]]}, [0, 1], [0, 2], [[0, 1], [2, 3]], "a", "b").figure.axes[0]
    walk, start, end = axis.lines
    assert walk.get_xydata().tolist() == [[0, 0], [9, 9]]
    assert start.get_markerfacecolor() == "white" and start.get_xydata().tolist() == [[0, 0]]
    assert end.get_xydata().tolist() == [[9, 9]]
    assert (*axis.get_xlim(), *axis.get_ylim()) == (0, 1, 0, 2)


def test_figures_leave_pyplot_alone():
    code = "import sys, course_lib.widgets.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_map_links_the_lessons_that_exist_and_names_the_others():
    html = CourseMap(["04_attention.ipynb", "99_other.ipynb"])._repr_html_()
    assert html.count("<a ") == 1 and "href='04_attention.ipynb'" in html and "99" not in html
    assert html.count("<b>") == len(CHAPTERS)
    assert CourseMap(f"{name}.ipynb" for name in CHAPTERS)._repr_html_().count("<a ") == len(CHAPTERS)


def test_the_map_has_a_box_for_every_lesson_but_its_own():
    assert [
        lesson.name for lesson in LESSONS if lesson.box in ("part", "block", "whole") and lesson.says
    ] == CHAPTERS


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_map_calls_a_lesson_as_it_calls_itself(name):
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert "".join(notebook["cells"][0]["source"]).splitlines()[0] == f"# {label(name)}"
    assert f"<b><a href='{name}.ipynb'>{label(name)}</a></b>" in CourseMap([f"{name}.ipynb"])._repr_html_()


def test_pictures_stand_in_a_grid_with_the_borders_of_their_patches():
    picture = figures.pictures(
        {"a": np.eye(4), "b": np.zeros((4, 4)), "c": np.ones((4, 4))}, columns=2, cell=2
    )
    axes = picture.figure.axes
    assert [axis.get_title() for axis in axes] == ["a", "b", "c", ""]
    assert list(axes[0].get_xticks()) == list(axes[0].get_yticks()) == [1.5]
    np.testing.assert_array_equal(axes[0].images[0].get_array(), np.eye(4))
    shared = figures.pictures({"a": np.eye(4), "b": np.zeros((4, 4))}, limits=(0, 2))
    assert {axis.images[0].norm.vmax for axis in shared.figure.axes[:2]} == {2}
    with pytest.raises(ValueError, match=r"'b' has shape \(4,\), a picture has"):
        figures.pictures({"a": np.eye(4), "b": np.zeros(4)})


@pytest.mark.parametrize(
    "draw", [figures.pictures, lambda panels, **limits: figures.heatmap(panels, "abcd", "wxyz", **limits)]
)
@pytest.mark.parametrize(
    ("panels", "limits", "scale"),
    [
        ({"strong": np.eye(4), "weak": np.eye(4) / 10}, {}, (0, 1)),
        ({"strong": np.eye(4), "weak": np.eye(4) / 10}, {"limits": (0, 2)}, (0, 2)),
    ],
)
def test_all_panels_share_one_scale(draw, panels, limits, scale):
    """A panel with a scale of its own would draw a head that looks at nothing as dark as one that is sure."""
    images = [image for axis in draw(panels, **limits).figure.axes for image in axis.images]
    assert [image.norm.vmin for image in images] == [scale[0]] * 2
    assert [image.norm.vmax for image in images] == [scale[1]] * 2


def test_the_middle_of_a_scale_with_both_signs_is_0_in_every_panel():
    panels = {"both": [[-1.0, 0.5]], "one": [[0.25, 4.0]]}
    images = [axis.images[0] for axis in figures.heatmap(panels, "a", "xy").figure.axes]
    assert [(image.norm.vmin, image.norm.vmax) for image in images] == [(-4, 4)] * 2
