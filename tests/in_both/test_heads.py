"""Which head looks where: against weights written by hand, and the criterion of lesson 11_inside_the_gpt on trained models."""

import numpy as np
import pytest
import torch

from course_lib.data import trained_gpt
from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_both.config import GPTConfig
from course_lib.in_both.heads import clearest_head, mean_weights
from course_lib.in_numpy import gpt as in_numpy
from course_lib.in_torch import gpt as in_torch
from course_lib.in_torch.train import train
from course_lib.runs import Recipe

SIZES = {"V": 9, "C": 6, "D": 8, "H": 2, "L": 3}


@pytest.mark.parametrize("framework", [in_numpy, in_torch])
def test_mean_weights_are_those_of_the_model(framework):
    model = framework.GPT(GPTConfig(**SIZES))
    ids = np.random.default_rng(0).integers(9, size=(4, 6))
    looks_from, looks_at = np.array([5, 4, 3, 5]), np.array([0, 2, 3, 1])
    found = mean_weights(model, ids, looks_from, looks_at)
    model(ids)
    for block in range(3):
        weights = np.asarray(model.h[block].attn.weights)
        for head in range(2):
            each = [weights[b, head, looks_from[b], looks_at[b]] for b in range(4)]
            np.testing.assert_allclose(found[block, head], np.mean(each), rtol=1e-6)


def test_the_clearest_head_is_the_best_of_any_kind():
    model = in_torch.GPT(GPTConfig(**SIZES))
    ids = np.random.default_rng(0).integers(9, size=(5, 6))
    looks_from, looks_at, kinds = [5, 4, 5, 3, 5], [0, 2, 1, 3, 1], ["a", "b", "a", "b", "a"]
    a = mean_weights(model, ids[::2], looks_from[::2], looks_at[::2])
    b = mean_weights(model, ids[1::2], looks_from[1::2], looks_at[1::2])
    (block, head), kind, weight = clearest_head(model, ids, looks_from, looks_at, kinds)
    assert kind == "b" and weight == b[block, head] == b.max() > a.max()  # a quarter and more beside a sixth


@pytest.fixture(scope="module")
def crossings():
    """The language, its sentences that have a bank, where the last "the" and the verb stand, and their senses."""
    grammar = Grammar(ENGLISH)
    texts = [text.split() for text in grammar.sentences(600, seed=3) if " bank " in text]
    padded = [["<end>", *text, *["<end>"] * (grammar.longest - len(text))] for text in texts]
    ids = np.array([grammar.encode(" ".join(text)) for text in padded])
    water, land = (ENGLISH[name].split(" | ") for name in ("BY_WATER", "BY_LAND"))
    assert all(text[1] in water + land and text[-3] == "the" for text in texts)
    senses = ["water" if text[1] in water else "money" for text in texts]
    return grammar, ids, [len(text) - 2 for text in texts], [2] * len(texts), senses


class Enough(Exception):
    """Ends a training that has gone far enough."""


def test_a_head_of_the_stored_model_looks_at_the_word_that_set_the_sense_of_bank(crossings):
    _, *where = crossings
    _, sense, weight = clearest_head(trained_gpt.load(in_numpy.GPT), *where)
    assert sense in ("water", "money") and weight > 0.9


def test_such_a_head_comes_with_training(crossings):
    """The recipe of lesson 10_gpt, stopped after three tenths: the head is there long before the loss is down."""

    def stop(step, history):
        if step == 300:
            raise Enough

    grammar, *where = crossings
    config = GPTConfig(V=grammar.V, C=32, D=64, H=4, L=2)
    model = in_torch.GPT(config, torch.Generator().manual_seed(0), std=0.1)
    *_, untrained = clearest_head(model, *where)
    text = grammar.stream(1_000_000, seed=1)
    with pytest.raises(Enough):
        train(model, text, text[:500], Recipe(seed=0), on_step=stop, progress=False)
    *_, trained = clearest_head(model, *where)
    assert untrained < 0.2 and trained > 0.5, (untrained, trained)
