"""What stands in a figure: any text as it is, in whatever installed font has its characters, and nothing as a formula."""

from functools import cache
from unicodedata import east_asian_width

from matplotlib import font_manager, get_data_path
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

__all__ = ["choose_fonts", "columns", "written"]

# in the names of fonts with colours, or with a box for everything
NO_LETTERS = ("Color", "Last Resort", "LastResort")


def written(label):
    r"""The label as matplotlib is given it: "$" is a dollar, and a character that no font here has is its number.

    >>> written("$a$\n\0")
    '\\$a\\$⏎‹0›'
    """
    text = str(label).replace("\n", "⏎").replace("$", r"\$")
    return "".join(character if _family(character) else f"‹{ord(character):X}›" for character in text)


def columns(text):
    """The width of a text in letters; a Chinese character is as wide as two.

    >>> columns("de"), columns("你好")
    (2, 4)
    """
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def choose_fonts(figure):
    """Give each text of the figure, after its own font, those that have the characters which its own lacks."""
    for text in figure.findobj(Text):
        others = {_family(character) or "" for character in text.get_text()} - {""}
        text.set_family(list(dict.fromkeys([*text.get_family(), "sans-serif", *sorted(others)])))


def _family(character):
    """The family of a font that can draw the character: the figures' own, if it can; None where there is none."""
    if character in _characters(font_manager.findfont(font_manager.FontProperties())):
        return "sans-serif"
    return _installed(len(font_manager.fontManager.ttflist)).get(character)


@cache
def _installed(fonts):
    """Character → family, of all fonts but those that matplotlib brings for its formulas; once for a number of fonts."""
    families = {}
    for font in font_manager.fontManager.ttflist:
        upright = font.style == font.stretch == "normal" and font.weight == 400
        for_formulas = font.fname.startswith(get_data_path())
        if upright and not for_formulas and not any(word in font.name for word in NO_LETTERS):
            for character in _characters(font.fname):
                families.setdefault(character, font.name)
    return families


@cache
def _characters(path):
    """The characters of a font; none of a file that is gone or broken."""
    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except (OSError, RuntimeError):
        return frozenset()
