"""The palette can be read on light and dark pages, and told apart by colour-blind eyes."""

from itertools import combinations

import numpy as np
import pytest

from course_lib.widgets.palette import (
    DARK,
    FIGURE,
    LIGHT,
    SERIES,
    colormap,
    css,
    mix,
    on_weight,
    role_of,
    tint,
)
from tools.drawings.svg import rules

THEMES = {"light": LIGHT, "dark": DARK}
COLOURED = ["query", "key", "value", "gradient", "residual", "ink"]  # what can stand in one picture
AS_TEXT = ["ink", "soft", "query", "key", "value", "gradient", "positive", "negative"]
AS_LINE = [*AS_TEXT, "line", "residual"]

# How eyes see without one of the three kinds of cones, on linear red, green and blue: Machado, Oliveira and
# Fernandes 2009, severity 1.0.
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
APART = 20  # CIE 1976 ΔE: ten times what is just seen when two grounds touch, for lines and words that do not


def linear(colour):
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    dark, light = sorted(linear(colour) @ XYZ[1] for colour in (first, second))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    """CIE L*a*b* of linear red, green and blue, for the white of a screen."""
    t = XYZ @ rgb.clip(0, 1) / XYZ.sum(axis=1)
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(first, second, eye=EYES["all cones"]):
    return np.linalg.norm(lab(eye @ linear(first)) - lab(eye @ linear(second)))


def confused(colours):
    """Sentences about colours that some eyes cannot tell apart."""
    for eye, matrix in EYES.items():
        for a, b in combinations(colours, 2):
            if (d := distance(colours[a], colours[b], matrix)) < APART:
                yield f"{a} and {b} are {d:.1f} apart with {eye}"


def test_the_measures_know_what_is_known():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # the lightest grey that WCAG AA allows
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert lab(linear("#ffffff")) == pytest.approx([100, 0, 0], abs=0.01)
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert distance("#8db600", "#ff7f50", EYES["deuteranopia"]) < 25 < distance("#8db600", "#ff7f50")


@pytest.mark.parametrize("theme", THEMES)
def test_words_and_lines_stand_out_from_the_ground(theme):
    colours = THEMES[theme]
    for role in AS_TEXT:
        assert contrast(colours[role], colours["paper"]) >= 4.5, role
    for role in AS_LINE:
        assert contrast(colours[role], colours["paper"]) >= 3, role
        assert contrast(colours["ink"], tint(colours, role)) >= 7, role
    assert LIGHT.keys() == DARK.keys() == {*AS_LINE, "paper"}


@pytest.mark.parametrize("theme", THEMES)
def test_no_eyes_confuse_two_roles(theme):
    assert list(confused({role: THEMES[theme][role] for role in COLOURED})) == []
    assert list(confused({role: THEMES[theme][role] for role in ("negative", "paper", "positive")})) == []


def test_figures_are_light_on_a_ground_of_their_own():
    assert {**FIGURE, "paper": LIGHT["paper"]} == LIGHT
    assert all(
        contrast(FIGURE[role], FIGURE["paper"]) >= 4.5 for role in ("ink", "soft", "query", "key", "gradient")
    )
    assert all(contrast(FIGURE[role], FIGURE["paper"]) >= 3 for role in (*AS_TEXT, "line"))
    # less glaring than white
    assert contrast(FIGURE["paper"], "#111111") < contrast("#ffffff", "#111111") - 2


@pytest.mark.parametrize("theme", THEMES)
def test_a_series_stands_out_and_no_eyes_confuse_two_of_it(theme):
    colours = SERIES[theme]
    papers = {"light": [LIGHT["paper"], FIGURE["paper"]], "dark": [DARK["paper"]]}[theme]
    assert len(colours) == 7 and colours[0] == THEMES[theme]["ink"]
    assert all(contrast(colour, paper) >= 3 for colour in colours for paper in papers)
    assert list(confused(dict(enumerate(colours)))) == []


def test_a_label_with_a_role_has_its_colour_and_no_other():
    assert [role_of(name) for name in ("Q", "keys", "values of head 2", "gradient")] == [
        "query",
        "key",
        "value",
        "gradient",
    ]
    assert {role_of(name) for name in ("value", "quiet", "q at 1, k at 2", "", 3, "key figures")} == {"ink"}


def test_two_roles_that_are_confused_are_named():
    assert "key and value are" in " ".join(confused({"key": "#b8480a", "value": "#8c6d00"}))


@pytest.mark.parametrize("theme", THEMES)
def test_digits_are_read_on_every_weight(theme):
    digits = dict(
        line.strip(". }").split(" { fill: ")
        for line in rules(THEMES[theme], {"low", "middle", "high"}).splitlines()
    )
    for weight in np.linspace(0, 1, 101):
        cell = mix(THEMES[theme]["paper"], THEMES[theme]["ink"], weight)
        assert contrast(digits[on_weight(weight)], cell) >= 4.5, weight


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scale", ["weights", "signed"])
def test_a_scale_gets_steadily_further_from_paper(scale, theme):
    from matplotlib.colors import to_hex

    colours = colormap(scale, THEMES[theme])
    halves = {
        "weights": [np.linspace(0, 1, 21)],
        "signed": [np.linspace(0.5, 1, 21), np.linspace(0.5, 0, 21)],
    }
    for half in halves[scale]:
        away = [distance(to_hex(colours(x)), THEMES[theme]["paper"]) for x in half]
        assert away[0] < 2 and (np.diff(away) > 0).all()


def test_css_has_every_role():
    text = css(DARK, ".gbh")
    assert text.startswith(".gbh {") and all(
        f"--gbh-{role}: {colour};" in text for role, colour in DARK.items()
    )
    assert f"--gbh-query-pale: {tint(DARK, 'query')};" in text
