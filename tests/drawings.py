"""What a drawing must keep to: generators of sentences about an SVG's text, one for every offence.

Words are measured in DejaVu Sans, which matplotlib brings along and which is wider than what the systems have.
"""

import re
import xml.etree.ElementTree as ET
from itertools import combinations

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {
    "svg", "title", "desc", "style", "defs", "pattern", "rect", "circle", "path", "polygon", "text", "tspan",
}  # fmt: skip
ATTRIBUTES = {
    "viewBox", "width", "height", "role", "aria-labelledby", "font-family", "id", "patternUnits", "patternTransform",
    "class", "x", "y", "rx", "cx", "cy", "r", "d", "points", "stroke-width", "stroke-dasharray", "fill-opacity",
    "font-size", "font-weight", "text-anchor", "dy",
}  # fmt: skip
PHONE, PAGE = 350, 700  # CSS pixels that a page 390 and 1400 wide leaves to a picture, at least
SMALLEST = 8  # CSS pixels, the height of letters on a phone
EDGE = 4  # units between a word and the border


def is_described(root):
    """A role, a title and a description that the picture is labelled by."""
    words = {part.get("id"): part.text or "" for part in root if part.tag in (SVG + "title", SVG + "desc")}
    if root.get("role") != "img" or root.get("aria-labelledby", "").split() != list(words) or len(words) != 2:
        yield "it is not an image that its title and description label"
    elif len(words["title"]) < 8 or len(words["desc"].split()) < 12:
        yield "its title and description say too little"


def stands_alone(root):
    """Nothing but shapes and words: no script, no link, no file from elsewhere, colours by role alone."""
    for part in root.iter():
        if part.tag.removeprefix(SVG) not in ELEMENTS:
            yield f"<{part.tag.removeprefix(SVG)}> does not belong into a drawing"
        for name in part.attrib.keys() - ATTRIBUTES:
            yield f"{name} does not belong into a drawing"
    style = root.find(SVG + "style").text
    if re.search(r"@import|@font-face|url\((?!#hatch\))|https?:", style):
        yield "its style loads something"
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    if re.findall(r"\.[\w-]+ {", light) != re.findall(r"\.[\w-]+ {", dark):
        yield "light and dark have other rules"
    used = {name for part in root.iter() for name in part.get("class", "").split()}
    for name in sorted(used - {rule[1:-2] for rule in re.findall(r"\.[\w-]+ {", light)}):
        yield f"class {name} has no colour"


def can_be_read(root):
    """Letters are large enough on a phone, and the picture is not wider than a page."""
    width, shown = float(root.get("viewBox").split()[2]), float(root.get("width"))
    if not width <= shown <= PAGE:
        yield f"it is {shown:g} pixels wide, for {width:g} units"
    for text in root.iter(SVG + "text"):
        if (size := float(text.get("font-size")) * min(1, PHONE / width)) < SMALLEST:
            yield f"{words_of(text)!r} is {size:.1f} pixels high on a phone"


def nothing_collides(root):
    """No word leaves the picture, meets another word, or touches a line or a frame."""
    _, _, width, height = map(float, root.get("viewBox").split())
    texts = [(words_of(text), extent(text)) for text in root.iter(SVG + "text")]
    for words, (left, top, right, bottom) in texts:
        if left < EDGE or top < EDGE or right > width - EDGE or bottom > height - EDGE:
            yield f"{words!r} comes too near to the border"
    for (a, first), (b, second) in combinations(texts, 2):
        if overlap(first, second):
            yield f"{a!r} and {b!r} overlap"
    for x1, y1, x2, y2 in lines(root):
        for words, box in texts:
            if crosses(x1, y1, x2, y2, box):
                yield f"{words!r} is crossed by the line from ({x1:g}, {y1:g}) to ({x2:g}, {y2:g})"


RULES = [is_described, stands_alone, can_be_read, nothing_collides]


def problems(svg):
    """Every sentence that the rules have to say about the text of an SVG."""
    root = ET.fromstring(svg)
    return [problem for rule in RULES for problem in rule(root)]


def words_of(text):
    return "".join(text.itertext())


def extent(text):
    """(left, top, right, bottom) of a text element."""
    font = FontProperties(family="DejaVu Sans", weight="bold" if text.get("font-weight") else "normal")
    base, size = float(text.get("y")), float(text.get("font-size"))
    pieces, width, top, bottom = [(text.text, 0.0, size)], 0.0, base, base
    for part in text:
        pieces.append((part.text, float(part.get("dy", 0)), float(part.get("font-size", size))))
        pieces.append((part.tail, 0.0, size))
    for words, dy, high in pieces:
        base += dy
        if words:
            w, h, below = text_to_path.get_text_width_height_descent(words, font, ismath=False)
            scale = high / font.get_size_in_points()
            width += w * scale
            top, bottom = min(top, base - (h - below) * scale), max(bottom, base + below * scale)
    left = float(text.get("x")) - width * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
    return left, top, left + width, bottom


def overlap(first, second):
    return all(max(first[i], second[i]) < min(first[i + 2], second[i + 2]) for i in (0, 1))


def lines(root):
    """(x1, y1, x2, y2) of every straight line: of paths, and of the frames of boxes; a circle has its square inside."""
    for path in root.findall(SVG + "path"):
        at = (0.0, 0.0)
        for command, numbers in re.findall(r"([MLQhv])([^MLQhv]*)", path.get("d")):
            values = [float(n) for n in numbers.split()]
            if command == "h":
                to = (at[0] + values[0], at[1])
            elif command == "v":
                to = (at[0], at[1] + values[0])
            else:
                to = tuple(values[-2:])
            if command != "M":
                yield *at, *to
            at = to
    frames = []
    for rect in root.findall(SVG + "rect"):
        if re.search(r"frame-|stroke-", rect.get("class")):
            frames.append([float(rect.get(name)) for name in ("x", "y", "width", "height")])
    for circle in root.findall(SVG + "circle"):
        x, y, r = (float(circle.get(name)) for name in ("cx", "cy", "r"))
        frames.append([x - 0.7 * r, y - 0.7 * r, 1.4 * r, 1.4 * r])
    for x, y, w, h in frames:
        yield from ((x, y, x + w, y), (x, y + h, x + w, y + h), (x, y, x, y + h), (x + w, y, x + w, y + h))


def crosses(x1, y1, x2, y2, box):
    """Whether the line passes through the box: what is left of it after cutting at the four sides."""
    start, end = 0.0, 1.0
    for step, at, low, high in ((x2 - x1, x1, box[0], box[2]), (y2 - y1, y1, box[1], box[3])):
        if step == 0:
            if not low < at < high:
                return False
            continue
        near, far = sorted(((low - at) / step, (high - at) / step))
        start, end = max(start, near), min(end, far)
    return start < end
