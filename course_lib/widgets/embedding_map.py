"""EmbeddingMap: words in the plane, the nearest neighbours of the one you point at, and words to move."""

import numpy as np
from traitlets import Bytes, Int, List, Unicode

from course_lib.shapes import ShapeError
from course_lib.widgets import figures
from course_lib.widgets.live import Live, as_bytes, checked_array, checked_labels, script

CALL = "EmbeddingMap"


class EmbeddingMap(Live):
    """Explore V word vectors (V, D): a map of their two widest directions, nearest neighbours by cosine.

    words: V names, at most 150.   groups: a name for each word's group, or None.   h: (D,), or None.
    Point at a word for its neighbours, click to lock it, drag it (or use the arrow keys once it is locked) to move its
    vector along the map, and see its neighbours change. With h (D,), where a model has arrived, the logits h · row and
    their softmax change too, as in a model whose unembedding is tied. Raises ShapeError and ValueError.

    >>> EmbeddingMap(["dog", "cat", "rice"], [[1, 0], [0.9, 0.1], [0, 1]])
    Map of 3 word vectors of width 2: dog, cat, rice
    """

    _esm = script("embedding_map.js")
    words, groups = List(Unicode()).tag(sync=True), List(Unicode()).tag(sync=True)
    vectors, places, directions = (Bytes().tag(sync=True) for _ in range(3))  # (V, D), (V, 2), (2, D)
    h = Bytes().tag(sync=True)  # (D,), and its place after those of the words; empty if none
    width = Int().tag(sync=True)  # D
    chosen = Int(-1).tag(sync=True)  # the locked word, −1 for none
    moved = List().tag(sync=True)  # [word, dx, dy] of every word that was moved

    def __init__(self, words, vectors, groups=None, h=None):
        vectors = checked_array(CALL, "vectors", vectors, "V D")
        V, D = vectors.shape
        words = checked_labels(CALL, "words", words, V, most=150)
        groups = ["words"] * V if groups is None else checked_labels(CALL, "groups", groups, V, most=150)
        if V < 2 or D < 2:
            raise ShapeError(
                f"{CALL}: vectors has shape {vectors.shape}; a map needs two words and two features"
            )
        if len(set(groups)) + (h is not None) > len(figures.PALETTE):
            raise ValueError(
                f"{CALL}: {len(set(groups))} groups; at most {len(figures.PALETTE)} can be told apart"
            )
        centred = vectors - vectors.mean(axis=0)
        _, _, rows = np.linalg.svd(centred, full_matrices=False)
        directions = rows[:2] if D > 2 else np.eye(2)  # (2, D); in the plane the map is the plane itself
        # one sign of two
        directions = directions * np.where(directions.sum(axis=1, keepdims=True) < 0, -1, 1)
        places = centred @ directions.T  # (V, 2)
        by_group = {
            g: {w: p for w, p, h in zip(words, places, groups, strict=True) if h == g}
            for g in dict.fromkeys(groups)
        }
        if h is not None:
            h = checked_array(CALL, "h", h, "D")
            if h.shape != (D,):
                raise ShapeError(f"{CALL}: h has width {len(h)} but vectors have width {D}")
            arrived = (h - vectors.mean(axis=0)) @ directions.T  # (2,)
            places = np.vstack([places, arrived])
            by_group = {**by_group, "where the model is": {"h": arrived}}
        named = ", ".join(words[:5]) + (", …" if V > 5 else "")
        super().__init__(
            figures.word_map(by_group),
            f"Map of {V} word vectors of width {D}: {named}",
            words=words, groups=groups, vectors=as_bytes(vectors), places=as_bytes(places),
            directions=as_bytes(directions), width=D, h=b"" if h is None else as_bytes(h),
        )  # fmt: skip
