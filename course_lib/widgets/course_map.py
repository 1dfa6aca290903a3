"""The map of the course: the parts of a transformer as boxes, each a link to its lesson."""

from html import escape
from itertools import groupby

from ..lessons import LESSONS, label

# The ink of the page, whether it is light or dark: colours are kept for what they mean in the pictures.
BOX = "border:1px solid currentColor;border-radius:6px;padding:5px 10px;margin:3px;text-align:center;min-width:250px"


class CourseMap:
    """The picture as HTML; lessons that are not there yet are named without a link.

    lessons: names of the notebooks that exist, such as "03_positional_encoding.ipynb".

    >>> CourseMap(["04_attention.ipynb"])
    Map of a transformer: 14 lessons, from tokens to the whole; 1 of them can be opened here
    """

    def __init__(self, lessons):
        self.lessons = set(lessons)

    def __repr__(self):
        names = [lesson.name for lesson in LESSONS if lesson.box]
        count = sum(f"{name}.ipynb" in self.lessons for name in names)
        return f"Map of a transformer: {len(names)} lessons, from tokens to the whole; {count} of them can be opened here"

    def _repr_html_(self):
        wholes = "".join(self._box(lesson) for lesson in LESSONS if lesson.box == "whole")
        return (
            "<div style='display:flex;gap:36px;align-items:center;flex-wrap:wrap'>"
            f"<div><div style='text-align:center'><i>You are welcome</i> ↓</div>{self._flow()}"
            "<div style='text-align:center'>↓ <i>de nada</i></div></div>"
            f"<div><div style='text-align:center'>then the whole</div>{wholes}</div></div>"
        )

    def _flow(self):
        """The parts from the input down to the output; those of the repeated block share a frame."""
        border = "border:1px dashed currentColor;border-radius:8px;padding:4px;margin:3px"
        flow = []
        for box, lessons in groupby(LESSONS, key=lambda lesson: lesson.box):
            if box not in ("part", "block"):
                continue
            boxes = [self._box(lesson) for lesson in lessons]
            if box == "block":
                title = "<div style='text-align:center'>a block, repeated</div>"
                boxes = [f"<div style='{border}'>{title}{''.join(boxes)}</div>"]
            flow += boxes
        return "<div style='text-align:center'>↓</div>".join(flow)

    def _box(self, lesson):
        text = escape(label(lesson.name))
        if f"{lesson.name}.ipynb" in self.lessons:
            text = f"<a href='{lesson.name}.ipynb'>{text}</a>"
        return f"<div style='{BOX}'><b>{text}</b><br>{escape(lesson.says)}</div>"
