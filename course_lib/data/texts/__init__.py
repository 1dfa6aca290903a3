"""Texts that the course brings along, written for it: small enough to read, long enough to learn from."""

from importlib.resources import files

__all__ = ["load"]


def load(name):
    r"""A text by its name; paragraphs are separated by an empty line. Raises ValueError for a name there is not.

    >>> len(load("the_lowest_shelf").split("\n\n"))
    14
    """
    names = sorted(file.name[:-4] for file in files(__name__).iterdir() if file.name.endswith(".txt"))
    if name not in names:
        raise ValueError(f"no text {name!r}, only {', '.join(names)}")
    return files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
