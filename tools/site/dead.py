"""Looks for links that lead nowhere, in pages as they are built: what Sphinx sees, and what only the finished HTML shows."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["dead"]

OF_OTHERS = ("_static", "lite")  # folders whose pages are not ours


class Links(HTMLParser):
    """What a page refers to: links, files it loads, and the places in it that can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.shared, self.places = [], [], [], {""}
        self.undescribed = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Note one tag."""
        has = dict(attributes)
        self.places |= {has.get("id"), has.get("name")}
        if tag == "a" and has.get("href"):
            self.links.append(has["href"])
        elif tag in ("script", "img", "iframe", "link") and has.get("rel") not in (
            "canonical",
            "index",
            "search",
        ):
            self.loads.append(has.get("src") or has.get("href") or "")
        elif tag == "source":
            self.loads.append(has.get("srcset") or "")
        if has.get("property") == "og:image":  # from the root of the pages
            self.shared.append(has["content"].lstrip("/"))
        if tag == "img" and not has.get("alt"):
            self.undescribed += 1


def pages_in(folder):
    """The pages of a built site that are ours, as paths in their order."""
    return [
        path for path in sorted(folder.rglob("*.html")) if path.relative_to(folder).parts[0] not in OF_OTHERS
    ]


def dead(folder, home=()):
    """Sentences about links that lead nowhere, files loaded from elsewhere, and pictures without words.

    home: pairs (address, folder); a link that begins with one of these addresses has to lead to a file of that folder.
    """
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in pages_in(folder)}
    for path, page in pages.items():
        name = path.relative_to(folder)
        if page.undescribed:
            yield f"{name}: {page.undescribed} pictures have no description"
        for target in page.links + page.loads + page.shared:
            near = folder if target in page.shared else path.parent
            start, base = next(((one, place) for one, place in home if target.startswith(one)), ("", near))
            parts = urlsplit(target.removeprefix(start))
            if parts.scheme or parts.netloc:
                if target in page.loads and parts.scheme != "data":
                    yield f"{name}: loads {target} from elsewhere"
                continue
            found = (base / unquote(parts.path)).resolve() if parts.path or start else path
            found = found / "index.html" if (found / "index.html").exists() else found
            asked = parse_qs(parts.query).get("path", [])  # a notebook that JupyterLite opens
            if not found.exists() or not all((found.parents[1] / "files" / one).exists() for one in asked):
                yield f"{name}: {target} does not exist"
            elif found in pages and unquote(parts.fragment) not in pages[found].places:
                yield f"{name}: {target} has no such place"
