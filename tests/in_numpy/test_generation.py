"""From logits to a text in NumPy: temperature, top-k, top-p, drawing, stopping, bad input."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.attention import softmax
from course_lib.in_numpy.generation import generate, next_token_probabilities, sample
from course_lib.in_numpy.gpt import GPT
from course_lib.shapes import ShapeError
from course_lib.tokenization import WordTokenizer
from tests.helpers import draw, for_sizes, randomize

P = np.array([0.05, 0.4, 0.25, 0.3])


@pytest.fixture
def model():
    model = GPT(GPTConfig(V=11, C=12, D=8, H=2, L=2), dtype=np.float64)
    return randomize(model, np.random.default_rng(0))


class Counter:
    """A model that always predicts the number after the last one, and counts the tokens it is fed."""

    def __init__(self, V=10, C=10):
        self.config, self.fed = SimpleNamespace(V=V, C=C), []

    def new_cache(self, B):
        return "a cache"

    def __call__(self, ids, cache=None):
        self.fed.append((ids.shape[1], cache))
        logits = np.full((*ids.shape, self.config.V), -50.0)
        np.put_along_axis(logits, (ids[..., None] + 1) % self.config.V, 50.0, axis=-1)
        return logits


def test_by_hand():
    logits = np.log(P)
    for settings, expected in [
        ({}, P),
        ({"temperature": 0.5}, P**2 / (P**2).sum()),
        ({"top_k": 1}, [0, 1, 0, 0]),
        ({"top_k": 2}, [0, 4 / 7, 0, 3 / 7]),
        ({"top_k": 4}, P),
        ({"top_p": 0.39}, [0, 1, 0, 0]),
        ({"top_p": 0.41}, [0, 4 / 7, 0, 3 / 7]),
        ({"top_p": 0.9}, np.array([0, 0.4, 0.25, 0.3]) / 0.95),
        ({"top_p": 1e-9}, [0, 1, 0, 0]),
        ({"top_p": 1}, P),
        ({"top_k": 3, "top_p": 0.7}, [0, 4 / 7, 0, 3 / 7]),  # 0.4 / 0.95 + 0.3 / 0.95 = 0.74
    ]:
        np.testing.assert_allclose(
            next_token_probabilities(logits, **settings), expected, rtol=1e-12, err_msg=str(settings)
        )


def test_a_top_p_that_float32_cannot_hold_keeps_the_likeliest():
    assert next_token_probabilities(np.log(P).astype(np.float32), top_p=1e-320).tolist() == [0, 1, 0, 0]


def test_temperature_comes_before_top_p():
    # at T = 1 the first holds 0.4 ≥ 0.35; at T = 10 the probabilities are nearly equal and two are needed
    assert (next_token_probabilities(np.log(P), temperature=10.0, top_p=0.35) > 0).sum() == 2


def test_ties_with_the_kth_are_kept():
    assert next_token_probabilities(np.array([1.0, 0.0, 1.0, 1.0]), top_k=2).tolist() == [
        1 / 3,
        0,
        1 / 3,
        1 / 3,
    ]


def test_all_is_kept_when_all_is_asked_for():
    logits = np.linspace(0, -60, 500).astype(np.float32)  # rounding sums the first few up to 1
    assert (next_token_probabilities(logits, top_p=1.0) == softmax(logits)).all()


@for_sizes("BTV")
def test_each_row_is_cut_by_itself(sizes, rng):
    logits = 3 * draw(rng, sizes, "BTV")
    for settings in ({"top_k": max(1, sizes["V"] // 2)}, {"top_p": 0.6}):
        together = next_token_probabilities(logits, 0.7, **settings)
        np.testing.assert_allclose(together.sum(axis=-1), 1, rtol=1e-12)
        for place in np.ndindex(logits.shape[:2]):
            np.testing.assert_allclose(
                together[place], next_token_probabilities(logits[place], 0.7, **settings), rtol=1e-12
            )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_the_logits_are_left_alone(dtype):
    logits = np.log(P).astype(dtype)
    kept = logits.copy()
    assert next_token_probabilities(logits, 0.5, 3, 0.9).dtype == dtype
    assert (logits == kept).all()


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"temperature": 0}, "temperature is 0.0, must be a finite number above 0"),
        ({"top_k": 0}, "next_token_probabilities: top_k must be from 1 to V = 4, got 0"),
        ({"top_k": 5}, "next_token_probabilities: top_k must be from 1 to V = 4, got 5"),
        ({"top_p": 0}, "next_token_probabilities: top_p must be above 0 and at most 1, got 0"),
        ({"top_p": 1.5}, "next_token_probabilities: top_p must be above 0 and at most 1, got 1.5"),
        ({"top_p": float("nan")}, "next_token_probabilities: top_p must be above 0 and at most 1, got nan"),
    ],
)
def test_settings_that_are_none(settings, words):
    with pytest.raises(ValueError, match=words):
        next_token_probabilities(np.log(P), **settings)


def test_drawn_as_often_as_likely():
    rng = np.random.default_rng(0)
    drawn = sample(np.broadcast_to([0.0, 0.5, 0.2, 0.3, 0.0], (4, 5000, 5)), rng)
    assert drawn.shape == (4, 5000)
    counts = np.bincount(drawn.ravel(), minlength=5) / 20000
    assert counts[0] == counts[4] == 0
    np.testing.assert_allclose(counts[1:4], [0.5, 0.2, 0.3], atol=0.015)  # more than 4 standard deviations


def test_the_cache_feeds_every_token_once():
    model = Counter()
    assert generate(model, [3, 4], 4, greedy=True).tolist() == [3, 4, 5, 6, 7, 8]
    assert model.fed == [(2, "a cache"), (1, "a cache"), (1, "a cache"), (1, "a cache")]
    model = Counter()
    assert generate(model, [3, 4], 3, greedy=True, use_cache=False).tolist() == [3, 4, 5, 6, 7]
    assert model.fed == [(2, None), (3, None), (4, None)]


def test_several_texts_at_once():
    assert generate(Counter(), [[3, 4], [8, 9]], 3).tolist() == [[3, 4, 5, 6, 7], [8, 9, 0, 1, 2]]
    assert generate(Counter(), [[3]], 0).tolist() == [[3]]


def test_stopping():
    assert generate(Counter(), [3], 7, stop=5).tolist() == [3, 4, 5]
    assert generate(Counter(), [[3], [1]], 7, stop=5).tolist() == [[3, 4, 5, 5, 5], [1, 2, 3, 4, 5]]
    assert generate(Counter(), [5], 3, stop=5).tolist() == [5, 6, 7, 8], "one in the prompt ends nothing"


def test_watching_a_text_grow():
    seen = []
    generate(Counter(), [[3], [7]], 3, stop=5, on_token=lambda ids: seen.append(ids.tolist()))
    assert seen == [[4, 8], [5, 9], [5, 0]]


def test_padded_prompts_are_written_on_as_if_each_were_alone(model):
    model.state_dict()["wpe.weight"][...] *= 5  # so that what comes next depends on what came before
    model.state_dict()["ln_f.bias"][...] = 0
    prompts = [[1, 2, 3, 4, 5], [6], [7, 8, 9]]
    # wider than needed, as encode_batch may pad
    rows = [prompt + [0] * (9 - len(prompt)) for prompt in prompts]
    alone = [model.generate(prompt, 4, greedy=True).tolist() for prompt in prompts]
    stop = alone[1][2]
    for settings in ({}, {"use_cache": False}, {"stop": stop}, {"stop": 0}):
        text = model.generate(rows, 4, greedy=True, lengths=[5, 1, 3], **settings)
        assert text.shape[1] == 9 or "stop" in settings
        for row, prompt in zip(text.tolist(), prompts, strict=True):
            expected = model.generate(prompt, 4, greedy=True, **settings).tolist()
            expected += [settings.get("stop")] * (len(prompt) + 4 - len(expected))  # a row that ended early
            expected += [0] * (len(row) - len(expected))  # its padding
            assert row == expected[: len(row)], settings
    from_padding = model.generate(rows, 3, greedy=True)[:, 9:].tolist()
    assert from_padding != [row[len(prompt) :][:3] for row, prompt in zip(alone, prompts, strict=True)]


def test_what_encode_batch_pads_is_written_on():
    tokenizer = WordTokenizer("one two three four five six seven")
    rows, lengths = tokenizer.encode_batch(["one two three", "two", "four five"], context_length=10)
    text = generate(Counter(), rows, 2, greedy=True, lengths=lengths).tolist()
    assert tokenizer.decode(text[0]) == "one two three four five"
    assert tokenizer.decode(text[1], skip_special=True) == "two three four"
    assert tokenizer.decode(text[2], skip_special=True) == "four five six seven"


def test_the_step_of_a_prompt_that_goes_on_is_its_own_token():
    seen = []
    generate(
        Counter(), [[3, 9, 9], [7, 0, 0]], 2, lengths=[3, 1], on_token=lambda ids: seen.append(ids.tolist())
    )
    assert seen == [[9, 8], [9, 9], [0, 0], [1, 0]]


def test_rows_that_have_met_stop_or_their_length_end_the_call():
    rows, seen = [[3, 4, 0], [5, 6, 7]], []
    text = generate(
        Counter(), rows, 5, lengths=[2, 3], stop=8, on_token=lambda ids: seen.append(ids.tolist())
    )
    assert text.tolist() == [[3, 4, 5, 6, 7, 8], [5, 6, 7, 8, 8, 8]]
    assert generate(Counter(), rows, 2, lengths=[2, 3], stop=8).tolist() == [[3, 4, 5, 6], [5, 6, 7, 8]]
    assert generate(Counter(), rows, 0, lengths=[2, 3]).tolist() == rows


@pytest.mark.parametrize(
    "lengths", [[0, 1], [1, 4], [1], [1.0, 2.0], [True, True], [[1, 2]], "ab", [None, 1]], ids=str
)
def test_lengths_that_are_none(lengths):
    with pytest.raises(ValueError, match="^generate: lengths must be 2 whole numbers from 1 to 3, got"):
        generate(Counter(), [[1, 2, 3], [4, 0, 0]], 2, lengths=lengths)


def test_ragged_prompts_are_told_what_works():
    with pytest.raises(
        ShapeError, match=r"\(2, 1\); pad them to one length, and give what they had as `lengths`$"
    ):
        generate(Counter(), [[1, 2], [3]], 2)


def test_cached_equals_uncached(model):
    for settings in ({"greedy": True}, {"temperature": 0.8}, {"top_k": 3}, {"top_p": 0.7}):
        texts = [
            generate(
                model,
                [[1, 2], [3, 4], [5, 6]],
                10,
                rng=np.random.default_rng(1),
                use_cache=use_cache,
                **settings,
            )
            for use_cache in (True, False)
        ]
        assert texts[0].shape == (3, 12) and (texts[0] == texts[1]).all()


def test_a_seed_repeats_a_text(model):
    first, again, other = (
        model.generate([1], 11, temperature=2.0, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (first == again).all() and (first != other).any()
    assert (model.generate([1], 11, temperature=5.0) != model.generate([1], 11, temperature=5.0)).any()


def test_narrow_ids_do_not_overflow():
    text = generate(Counter(V=1000), np.array([254], np.uint8), 3)
    assert text.tolist() == [254, 255, 256, 257]


@pytest.mark.parametrize(
    "ids, n, kind, words",
    [
        ([], 3, ValueError, "generate: the prompt is empty; give at least one token id"),
        ([[1, 2], [3]], 3, ShapeError, r"generate: the lists in ids have unequal lengths \(2, 1\)"),
        ([[[1]]], 3, ShapeError, r"generate: ids must be \(T,\) or \(B, T\), got shape \(1, 1, 1\)"),
        (3, 3, ShapeError, r"generate: ids must be \(T,\) or \(B, T\), got shape \(\)"),
        ([1, 11], 3, ValueError, r"generate: id 11 at \(1,\) is not in 0 to 10 \(V = 11\)"),
        (
            [1, 2],
            11,
            ValueError,
            "generate: 2 prompt tokens and 11 new ones do not fit the context of C = 12",
        ),
        ([1, 2], -1, ValueError, "generate: new_tokens must be 0 or more, got -1"),
    ],
)
def test_bad_input(ids, n, kind, words, model):
    with pytest.raises(kind, match=f"^{words}"):
        model.generate(ids, n)
