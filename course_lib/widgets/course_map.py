"""The map of the course: the parts of a transformer as boxes, each a link to its lesson."""

from html import escape

# (what the box does, lesson) from the input down to the output; an inner list is a repeated block.
PARTS = [
    ("text becomes tokens", "01_tokenization"),
    ("tokens become vectors", "02_embeddings"),
    ("vectors learn their place", "03_positional_encoding"),
    [
        ("tokens look at each other", "04_attention"),
        ("in several heads at once", "05_multi_head"),
        ("add, and normalise", "06_layer_norm"),
        ("each token thinks alone", "07_feed_forward"),
    ],
    ("probabilities, a loss, a gradient", "08_loss_and_gradient_descent"),
]
WHOLES = [
    ("the parts as a GPT, trained", "09_gpt"),
    ("two stacks that translate", "10_encoder_decoder"),
    ("the same for pictures", "11_vision"),
    ("every number of the documents", "12_the_documents_checked"),
]
BOX = "border:2px solid {colour};border-radius:6px;padding:5px 10px;margin:3px;text-align:center;min-width:250px"


class CourseMap:
    """The picture as HTML; lessons that are not there yet are named without a link.

    lessons: names of the notebooks that exist, such as "03_positional_encoding.ipynb".

    >>> CourseMap(["04_attention.ipynb"])
    Map of a transformer: 12 lessons, from tokens to the whole; 1 of them can be opened here
    """

    def __init__(self, lessons):
        self.lessons = set(lessons)

    def __repr__(self):
        count = sum(f"{name}.ipynb" in self.lessons for _, name in _flat(PARTS + WHOLES))
        total = len(_flat(PARTS + WHOLES))
        return f"Map of a transformer: {total} lessons, from tokens to the whole; {count} of them can be opened here"

    def _repr_html_(self):
        flow = "<div style='text-align:center'>↓</div>".join(self._part(part) for part in PARTS)
        wholes = "".join(self._box(*whole, colour="#D55E00") for whole in WHOLES)
        return (
            "<div style='display:flex;gap:36px;align-items:center;flex-wrap:wrap'>"
            f"<div><div style='text-align:center'><i>You are welcome</i> ↓</div>{flow}"
            "<div style='text-align:center'>↓ <i>de nada</i></div></div>"
            f"<div><div style='text-align:center'>then the whole</div>{wholes}</div></div>"
        )

    def _part(self, part):
        if isinstance(part, tuple):
            return self._box(*part, colour="#0072B2")
        inside = "".join(self._box(*box, colour="#009E73") for box in part)
        border = "border:2px dashed #888;border-radius:8px;padding:4px;margin:3px"
        return f"<div style='{border}'><div style='text-align:center'>a block, repeated</div>{inside}</div>"

    def _box(self, says, name, colour):
        number, title = name.split("_", 1)
        label = f"{int(number)} · {escape(title.replace('_', ' '))}"
        if f"{name}.ipynb" in self.lessons:
            label = f"<a href='{name}.ipynb'>{label}</a>"
        return f"<div style='{BOX.format(colour=colour)}'><b>{label}</b><br>{escape(says)}</div>"


def _flat(parts):
    return [box for part in parts for box in (part if isinstance(part, list) else [part])]
