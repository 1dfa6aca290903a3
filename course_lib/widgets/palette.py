"""The colours of the course and what each of them means, in figures, drawings and live pictures alike.

    query key value    the three rows that a token makes of itself
    gradient           whatever flows backwards
    residual           the vectors of the tokens themselves, from the embedding to the last norm
    positive negative  the two ends of a table with signs; 0 is paper
    ink paper          text and ground; weights and probabilities run from paper (0) to ink (1)
    soft line          arrows and remarks; frames of what has no colour of its own

What is masked is hatched, never pale: it is absent, not small. There is a set for light pages and one for dark ones.
FIGURE is the set for figures, which are one picture for both kinds of page: the light one on a ground that does not
glare on a dark page. What has no role, as the curves of a chart or groups of words, takes the colours of SERIES in order.
tests/widgets/test_palette.py holds both to WCAG's contrasts, and apart for colour-blind eyes. It loads nothing.

>>> LIGHT["query"], DARK["query"]
('#2049c8', '#5f8cff')
"""

__all__ = ["DARK", "FIGURE", "LIGHT", "SERIES", "colormap", "css", "mix", "on_weight", "role_of", "tint"]

LIGHT = {
    "ink": "#1f2328",
    "paper": "#fbfaf7",
    "soft": "#59616c",
    "line": "#7d858f",
    "query": "#2049c8",
    "key": "#9a2f0a",
    "value": "#1a7e5c",
    "gradient": "#68107c",
    "residual": "#a58c0b",
    "positive": "#a65e00",
    "negative": "#4b3f9e",
}
DARK = {
    "ink": "#f0eee9",
    "paper": "#1b1f26",
    "soft": "#adb5c0",
    "line": "#838d9a",
    "query": "#5f8cff",
    "key": "#ee7f45",
    "value": "#5cc79c",
    "gradient": "#e29cf0",
    "residual": "#f2da3c",
    "positive": "#e0a040",
    "negative": "#9a8cf0",
}
FIGURE = {**LIGHT, "paper": "#eeece6"}
SERIES = {
    "light": ["#1f2328", "#956a08", "#57629f", "#0d8f7b", "#7a7c4d", "#0f4a26", "#2a0038"],
    "dark": ["#f0eee9", "#b95c3e", "#1e79be", "#0bc7dc", "#f4d57b", "#85bf80", "#926086"],
}
ROLES = {
    "query": "q query queries",
    "key": "k key keys",
    "value": "v values",
    "gradient": "gradient gradients",
}
SCALES = {"weights": ("paper", "ink"), "signed": ("negative", "paper", "positive")}
PALE = 0.14  # how much of its colour a ground has


def mix(first, second, share):
    """The colour that lies `share` of the way from the first to the second.

    >>> mix("#000000", "#ff8000", 0.5)
    '#804000'
    """
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


def tint(theme, role):
    """The pale ground of what has this role; text in ink stands on it.

    >>> tint(LIGHT, "query")
    '#dce1f0'
    """
    return mix(theme["paper"], theme[role], PALE)


def role_of(name):
    """The role that a label names, as a whole or before "of"; "ink" where it names none.

    >>> role_of("q"), role_of("K"), role_of("values of head 0"), role_of("q at 0, k at 1"), role_of("the value of x")
    ('query', 'key', 'value', 'ink', 'ink')
    """
    named = str(name).lower().partition(" of ")[0]
    return next((role for role, words in ROLES.items() if named in words.split()), "ink")


def on_weight(weight):
    """How dark a weight's cell is, and so which digits are read on it: "low", "middle" or "high".

    On paper mixed with ink, digits are black on a light page up to "middle" and white above; on a dark page they are
    white for "low" and black above.

    >>> on_weight(0.2), on_weight(0.5), on_weight(0.9)
    ('low', 'middle', 'high')
    """
    return "low" if weight < 0.43 else "middle" if weight < 0.62 else "high"


def css(theme, selector=":root", series=()):
    """The theme as custom properties of CSS: --gbh-query, --gbh-query-pale for a ground, and --gbh-series0, 1, …

    >>> css({"ink": "#000000", "paper": "#ffffff"}, ".card").splitlines()[:2]
    ['.card {', '  --gbh-ink: #000000;']
    """
    lines = [f"  --gbh-{role}: {colour};" for role, colour in theme.items()]
    lines += [f"  --gbh-{role}-pale: {tint(theme, role)};" for role in theme if role not in ("ink", "paper")]
    lines += [f"  --gbh-series{i}: {colour};" for i, colour in enumerate(series)]
    return "\n".join([f"{selector} {{", *lines, "}"])


def colormap(scale, theme=LIGHT):
    """A scale as a matplotlib Colormap: "weights" for 0 … 1, "signed" for a table centred on 0.

    >>> from matplotlib.colors import to_hex
    >>> to_hex(colormap("weights")(0.0)), to_hex(colormap("weights")(1.0))
    ('#fbfaf7', '#1f2328')
    """
    from matplotlib.colors import LinearSegmentedColormap  # only figures need it

    return LinearSegmentedColormap.from_list(scale, [theme[role] for role in SCALES[scale]])


def _channels(colour):
    """Red, green and blue from 0 to 255."""
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
