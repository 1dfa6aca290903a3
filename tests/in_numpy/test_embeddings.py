"""Lookup, its scatter-add, unembedding and nearness in NumPy."""

import numpy as np
import pytest

from course_lib.in_numpy.embeddings import (
    Embedding,
    cosine_similarity,
    lookup,
    lookup_backward,
    nearest,
    one_hot,
    unembed,
    unembed_backward,
)
from course_lib.shapes import ShapeError
from tests.helpers import SLOW, assert_gradient, assert_inputs_kept, draw, for_sizes, shape

BAD_IDS = [
    ([[1, 2, 3], [4]], ShapeError, "the lists in ids have unequal lengths (3, 1); pad them to one length"),
    ([1, 7], ValueError, "id 7 at (1,) is not in 0 to 4 (V = 5)"),
    ([[0, 1], [2, -1]], ValueError, "id -1 at (1, 1) is not in 0 to 4 (V = 5)"),
    (5, ValueError, "id 5 is not in 0 to 4 (V = 5)"),
    ([1.0, 2.0], ValueError, "token ids must be whole numbers, got float64"),
    ([True, False], ValueError, "token ids must be whole numbers, got bool"),
    (["the"], ValueError, "token ids must be whole numbers, got <U3"),
    (None, ValueError, "token ids must be whole numbers, got object"),
]


@pytest.mark.parametrize("ids, kind, words", BAD_IDS)
def test_ids_that_cannot_be_tokens(ids, kind, words):
    layer = Embedding(5, 2)
    calls = {
        "lookup": lambda: lookup(np.zeros((5, 2)), ids),
        "one_hot": lambda: one_hot(ids, 5),
        "lookup_backward": lambda: lookup_backward(np.zeros((2, 2)), ids, 5),
        "Embedding": lambda: layer(ids),
    }
    for name, call in calls.items():
        with pytest.raises(kind) as error:
            call()
        assert str(error.value) == f"{name}: {words}"


@for_sizes("BTVD")
def test_lookup_is_the_one_hot_product(sizes, rng):
    W_E = draw(rng, sizes, "VD")
    ids = rng.integers(sizes["V"], size=shape(sizes, "BT"))
    assert (lookup(W_E, ids) == one_hot(ids, sizes["V"]) @ W_E).all()
    assert one_hot(ids, sizes["V"]).sum() == ids.size


@for_sizes("BTVD", profile=SLOW, high=5)
def test_gradient_of_lookup(sizes, rng):
    W_E, grad_output = draw(rng, sizes, "VD", "BTD")
    ids = rng.integers(sizes["V"], size=shape(sizes, "BT"))
    grad = lookup_backward(grad_output, ids, sizes["V"])
    assert_gradient(lambda: float((lookup(W_E, ids) * grad_output).sum()), W_E, grad)


def test_a_token_that_occurs_twice_collects_twice():
    grad = lookup_backward(np.ones((3, 2)), [4, 0, 4], 5)
    assert grad.tolist() == [[1, 1], [0, 0], [0, 0], [0, 0], [2, 2]]


def test_gradient_of_lookup_wants_one_vector_an_id():
    with pytest.raises(ShapeError, match=r"grad_output \(2, 3\) is not one vector for each of ids \(3,\)"):
        lookup_backward(np.zeros((2, 3)), [1, 2, 3], 5)


@for_sizes("BTVD", profile=SLOW, high=5)
def test_gradients_of_unembed(sizes, rng):
    h, W_E, grad_logits = draw(rng, sizes, "BTD", "VD", "BTV")
    grad_h, grad_W_E = unembed_backward(grad_logits, h, W_E)

    def loss():
        return float((unembed(h, W_E) * grad_logits).sum())

    assert_gradient(loss, h, grad_h, "h")
    assert_gradient(loss, W_E, grad_W_E, "W_E")


def test_unembed_names_the_widths():
    with pytest.raises(ShapeError, match="unembed: h has width 3 but W_E has width 4; both must be D"):
        unembed(np.zeros((2, 3)), np.zeros((5, 4)))


def test_embedding_collects_over_calls():
    layer = Embedding(3, 2, dtype=np.float64)
    for _ in range(2):
        layer([0, 2])
        assert layer.backward(np.ones((2, 2))) is None
    assert layer.grads["weight"].tolist() == [[2, 2], [0, 0], [2, 2]]


def test_embedding_and_unembedding_are_transposes():
    W_E = np.eye(4)
    assert unembed(lookup(W_E, [2]), W_E).argmax() == 2


def test_cosine_of_known_angles():
    a = np.array([[1.0, 0.0], [1.0, 1.0], [-2.0, 0.0], [0.0, 3.0], [0.0, 0.0]])
    np.testing.assert_allclose(
        cosine_similarity(a, np.array([5.0, 0.0])), [1, np.sqrt(0.5), -1, 0, 0], atol=1e-15
    )


@for_sizes("TVD")
def test_cosine_forgets_length(sizes, rng):
    a, b = draw(rng, sizes, "TD", "TD")
    np.testing.assert_allclose(cosine_similarity(3 * a, b / 7), cosine_similarity(a, b), rtol=1e-12)
    np.testing.assert_allclose(cosine_similarity(a, a), 1, rtol=1e-12)
    assert cosine_similarity(a[:, None], a).shape == (sizes["T"], sizes["T"])


def test_cosine_of_different_widths():
    with pytest.raises(ShapeError, match=r"a is \(2, 3\), b is \(4,\); both must end in one width D"):
        cosine_similarity(np.zeros((2, 3)), np.zeros(4))


def test_nearest_leaves_itself_out_and_puts_the_smaller_id_first():
    W_E = np.array([[1.0, 0.0], [1.0, 0.1], [5.0, 0.5], [-1.0, 0.0], [2.0, 0.0]])
    ids, cosines = nearest(W_E, 0, 4)
    assert ids.tolist() == [4, 1, 2, 3]
    np.testing.assert_allclose(cosines, [1, 1 / np.sqrt(1.01), 1 / np.sqrt(1.01), -1], rtol=1e-12)


@pytest.mark.parametrize("k", [0, 5, -1])
def test_nearest_needs_neighbours(k):
    with pytest.raises(ValueError, match=f"nearest: k = {k}, but there are 4 other tokens"):
        nearest(np.ones((5, 2)), 0, k)


def test_nearest_of_an_unknown_token():
    with pytest.raises(ValueError, match="nearest: id 5 is not in 0 to 4"):
        nearest(np.ones((5, 2)), 5, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    W_E, h, grad_logits = np.ones((5, 3), dtype), np.ones((2, 3), dtype), np.ones((2, 5), dtype)
    layer = Embedding(5, 3, dtype=dtype)
    layer.backward(layer([1, 2]))
    results = [
        lookup(W_E, [1]),
        lookup_backward(h, [1, 1], 5),
        unembed(h, W_E),
        *unembed_backward(grad_logits, h, W_E),
        cosine_similarity(W_E, h[0]),
        nearest(W_E, 0, 2)[1],
        one_hot([1], 3, dtype),
        layer([1]),
        layer.grads["weight"],
    ]
    assert {r.dtype for r in results} == {np.dtype(dtype)}


@pytest.mark.parametrize("ids, expected", [([], (0, 3)), ([[], []], (2, 0, 3))])
def test_no_token_at_all(ids, expected):
    assert lookup(np.ones((5, 3)), ids).shape == expected
    assert (lookup_backward(np.ones(expected), ids, 5) == np.zeros((5, 3))).all()


@for_sizes("BTVD", profile=SLOW, low=2)
def test_inputs_are_kept(sizes, rng):
    W_E, h, grad_logits = draw(rng, sizes, "VD", "BTD", "BTV")
    ids, V = rng.integers(sizes["V"], size=shape(sizes, "BT")), sizes["V"]
    assert_inputs_kept(lambda ids: one_hot(ids, V), ids)
    assert_inputs_kept(lookup, W_E, ids)
    assert_inputs_kept(lambda g, ids: lookup_backward(g, ids, V), h, ids)
    assert_inputs_kept(unembed, h, W_E)
    assert_inputs_kept(unembed_backward, grad_logits, h, W_E)
    assert_inputs_kept(cosine_similarity, h, W_E[0])
    assert_inputs_kept(lambda W_E: nearest(W_E, 0, 1), W_E)
    layer = Embedding(V, sizes["D"], dtype=np.float64)
    assert_inputs_kept(lambda g, ids, weight: (layer(ids), layer.backward(g)), h, ids, layer.params["weight"])


def test_what_is_looked_up_is_a_copy():
    W_E = np.ones((5, 3))
    lookup(W_E, [1])[...] = 7
    assert (W_E == 1).all()
