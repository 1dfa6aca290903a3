"""The HTML of a written answer that is safe on a page of somebody else: what students wrote is shown, never obeyed.

An answer keeps its text, code, tables, formulas and pasted pictures. Whatever could run, load something from
elsewhere, lead somewhere or pass for a part of the page is left out, and named.
"""

import html
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import nh3
from latex2mathml.converter import convert_to_element
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.token import STANDARD_TYPES

MAX_MARKDOWN, MAX_FORMULA, MAX_FORMULAS, MAX_DEPTH = 10_000, 1_000, 200, 60
MAX_PICTURES = 5_000_000  # characters of the pictures of one answer
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/\s]+={0,2}\s*")
CODE = {"python", "python3", "py", "ipython", "ipython3", "pycon", "text", "console", "bash", "sh", "json"}


def words(text):
    return set(text.split())


# No id, name or class of the student's: Formgrader finds the fields for points by them.
TAGS = words(
    "p br hr div span h1 h2 h3 h4 h5 h6 b strong i em u s del ins mark small sub sup code pre kbd samp var q cite "
    "blockquote abbr ul ol li dl dt dd table thead tbody tfoot tr th td caption img details summary"
)
VALUES = {
    "alt": r".*", "title": r".*", "colspan": r"\d{1,2}", "rowspan": r"\d{1,2}", "start": r"\d{1,9}",
    "width": r"\d{1,3}", "height": r"\d{1,3}", "style": r"text-align:\s*(left|right|center);?",
    "class": rf"highlight|{'|'.join(filter(None, STANDARD_TYPES.values()))}", "src": PICTURE.pattern,
}  # fmt: skip
ATTRIBUTES = {
    "*": {"title", "class"}, "img": {"src", "alt", "width", "height"}, "ol": {"start"},
    "th": {"style", "colspan", "rowspan"}, "td": {"style", "colspan", "rowspan"},
}  # fmt: skip
LENGTH = r"(0|\d?\.?\d{1,4}(em|ex|pt|px|mu))"
MATHS = words(
    "math mrow mi mn mo mtext mspace ms msup msub msubsup mfrac msqrt mroot mover munder munderover mmultiscripts "
    "mprescripts none mtable mtr mtd mstyle mpadded mphantom menclose semantics annotation"
)
MATHS_VALUES = {
    **dict.fromkeys(["mathsize", "minsize", "maxsize", "width", "lspace", "rspace", "linethickness"], LENGTH),
    **dict.fromkeys(["columnspacing", "rowspacing"], rf"{LENGTH}( {LENGTH})*"),
    **dict.fromkeys(["mathcolor", "mathbackground"], r"[a-z]+|#[0-9A-Fa-f]{3,6}"),
    **dict.fromkeys(
        words(
            "display mathvariant stretchy fence form separator accent accentunder displaystyle scriptlevel columnalign "
            "rowlines columnlines frame notation symmetric movablelimits largeop encoding"
        ),
        r"[\w +./-]*",
    ),
}
PLACE = "\ue000{}\ue001"  # where a formula goes; private characters, which are taken out of the answer first
NO_PLACE = str.maketrans("", "", "\ue000\ue001")


class Answer(IPythonRenderer):
    """Markdown to HTML; formulas leave a PLACE and become MathML in `formulas`, pictures are taken from `pictures`."""

    def __init__(self, attachments):
        super().__init__(escape=False, exclude_anchor_links=True)
        kept, _ = pasted(attachments)
        self.pictures = {name: address(*picture) for name, kinds in kept.items() for picture in kinds.items()}
        # One picture or address may be used many times: what is shown of all together has a limit.
        self.formulas, self.pictures_left, self.addresses_left = [], MAX_PICTURES, MAX_MARKDOWN

    def inline_math(self, body):
        return self.formula(body)

    def block_math(self, body):
        return self.formula(body, "block")

    def latex_environment(self, name, body):
        return self.formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def formula(self, tex, display="inline"):
        self.formulas.append(mathml(tex, display) if len(self.formulas) < MAX_FORMULAS else as_code(tex))
        return PLACE.format(len(self.formulas) - 1)

    def link(self, text, url, title=None):
        """Not to be clicked: one to this Jupyter server would come with the lecturer's rights."""
        address = unquote(url)[: self.addresses_left]
        self.addresses_left -= len(address)
        address = html.escape(address)
        return text if address.removeprefix("mailto:") in ("", text) else f"{text} ({address})"

    def image(self, text, url, title=None):
        name = unquote(url)
        source = (
            self.pictures.get(name.removeprefix("attachment:")) if name.startswith("attachment:") else url
        )
        if source and len(source) <= self.pictures_left and PICTURE.fullmatch(source):
            self.pictures_left -= len(source)
            return f'<img src="{source}" alt="{html.escape(html.unescape(nh3.clean(text, tags=set())))}">'
        return f"<em>[a picture that is not shown: {html.escape(name[:200])}]</em>"

    def task_list_item(self, text, checked=False):
        return f"<li>{'☑' if checked else '☐'} {text}</li>\n"

    def block_code(self, code, info=None):
        language = (info or "").split(maxsplit=1)[:1]
        return super().block_code(code, info if language and language[0] in CODE else None)


def pasted(attachments):
    """(kept, left out) of what was pasted into a cell: pictures of the kinds that can hold no script, and the names of the rest.

    >>> pasted({"a.png": {"image/png": "iVBORw0KGgo="}, "b.svg": {"image/svg+xml": "PHN2Zz4="}})
    ({'a.png': {'image/png': 'iVBORw0KGgo='}}, ['b.svg'])
    """
    kept, left_out, size = {}, [], 0
    attachments = attachments if isinstance(attachments, dict) else {}
    for name, kinds in attachments.items():
        # as in the text: half a surrogate cannot be written
        readable = name.encode("utf-8", "replace").decode()
        for kind, data in kinds.items() if isinstance(kinds, dict) else ():
            data = "".join(data) if isinstance(data, list) and all(isinstance(x, str) for x in data) else data
            if (
                isinstance(data, str)
                and PICTURE.fullmatch(address(kind, data))
                and size + len(data) <= MAX_PICTURES
            ):
                kept[readable], size = {kind: data}, size + len(data)
                break
        else:
            left_out.append(readable)
    return kept, left_out


def address(kind, data):
    return f"data:{kind};base64,{data}"


def mathml(tex, display):
    """A formula as MathML, which browsers show without a script; as code where it cannot be read.

    >>> mathml("K", "inline")
    '<math display="inline"><semantics><mrow><mi>K</mi></mrow><annotation>K</annotation></semantics></math>'
    """
    if len(tex) > MAX_FORMULA:
        return as_code(tex)
    try:
        math = convert_to_element(tex, xmlns="", display=display)
        for element in math.iter():
            element.text = element.text and html.unescape(element.text)
        meaning = ElementTree.Element("semantics")
        meaning.extend(list(math))
        ElementTree.SubElement(meaning, "annotation").text = tex
        math[:] = [meaning]
        markup = ElementTree.tostring(math, encoding="unicode")
    except Exception:  # noqa: BLE001  what it raises for bad TeX is of many kinds
        return as_code(tex)
    keep = {"*": set(MATHS_VALUES)}
    return nh3.clean(
        markup, tags=MATHS, attributes=keep, url_schemes=set(), attribute_filter=fits(MATHS_VALUES)
    )


def fits(values):
    """A filter of attributes for nh3: those whose whole value is as `values` wants it, without a PLACE or a bracket."""

    def keep(tag, name, value):
        value = value.translate(NO_PLACE).replace("<", "").replace(">", "")
        return value if re.fullmatch(values.get(name, "(?!)"), value, flags=re.DOTALL) else None

    return keep


def as_code(text):
    return f"<code>{html.escape(text)}</code>"


def as_text(source, why):
    """An answer as it was typed, below the reason."""
    return f"<p><em>[{why}: shown as it was typed]</em></p>\n<pre>{html.escape(source)}</pre>"


def written(source, attachments=None):
    """The HTML of a written answer, or of any Markdown, that is safe on a page of somebody else.

    >>> print(written("**K** <b onclick=alert(1)>is</b> large, see [x](javascript:alert(1))"), end="")
    <p><strong>K</strong> <b>is</b> large, see x (javascript:alert(1))</p>
    """
    source = source.translate(NO_PLACE).encode("utf-8", "replace").decode()
    if len(PICTURE.sub("", source)) > MAX_MARKDOWN:
        return as_text(source, f"longer than {MAX_MARKDOWN:,} characters")
    answer = Answer(attachments)
    try:
        raw = MarkdownWithMath(renderer=answer).render(source)
    except Exception:  # noqa: BLE001  an answer that breaks the library must not break the page
        return as_text(source, "it is no Markdown that can be read")
    page = nh3.clean(
        raw, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"data"}, attribute_filter=fits(VALUES), link_rel=None,
        clean_content_tags=set(),
    )  # fmt: skip
    page = re.sub(r"\ue000(\d+)\ue001", lambda place: answer.formulas[int(place[1])], page)
    if depth(page) > MAX_DEPTH:
        return as_text(source, "nested too deeply")
    dropped = {tag.lower() for tag in re.findall(r"<([A-Za-z][A-Za-z0-9-]{0,20})", raw)} - TAGS - {"a"}
    dropped |= {"a comment"} if re.search(r"<[!?]", raw) else set()
    if not dropped:
        return page
    note = f"not shown: {', '.join(sorted(dropped))}; as it was typed"
    return f"{page}<details><summary>{note}</summary><pre>{html.escape(source)}</pre></details>\n"


def depth(page):
    """How deeply elements are nested in cleaned HTML, in whose attributes there are no brackets."""
    deepest = level = 0
    for closing, tag in re.findall(r"<(/?)(\w+)", page):
        level += 0 if tag in ("br", "hr", "img") else -1 if closing else 1
        deepest = max(deepest, level)
    return deepest
