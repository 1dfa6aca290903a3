"""Tokenizers against oracles that share no code with them: `tiktoken`, the Rust `tokenizers`, and a naive trainer."""

import base64
import json
import pydoc
import string
from collections import Counter
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pytest
import tiktoken
import tokenizers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiktoken_ext import openai_public

from course_lib.tokenization import (
    PATTERNS,
    BytePairTokenizer,
    CharTokenizer,
    WordTokenizer,
    byte_pair,
    learn_merges,
    pieces,
    read_ranks,
    split_words,
)
from tests.helpers import QUICK

SENTENCES = "low lower lowest new newer newest wide wider widest. Ñandú, ça va? 你好, мир! 👩‍👩‍👧 I'll we've 1234567\r\n\tok  \0"
AWKWARD = [
    *("👩‍👩‍👧", "🇦🇹", "e\u0301\u0323", "\u200d", "\ufeff", "\u00a0", "\u2028", "\x85", "\x1c", "\r\n", "\r", "\n\n", "\t", "\0"),
    *("\ud83d", "\ude00", "\ud83d\ude00", "\U0010ffff", "ſ", "'ſ", "'S", "'ll", "'LL", "'", "½", "٣٤٥٦", "1234567", "   "),
    *("low", "newest", " wider", "!!!", "a" * 300, " " * 40, "ññññ", "<end>", "<|end|>", "你好"),
]  # fmt: skip

# Every character that Unicode has assigned, halves of surrogate pairs too, and what is known to be awkward.
texts = st.lists(
    st.one_of(st.sampled_from(AWKWARD), st.text(st.characters(exclude_categories=["Cn"]), max_size=5)),
    max_size=8,
).map("".join)
MANY = settings(QUICK, max_examples=200)
few_letters = st.text("aab ", max_size=40)


@cache
def trained(pattern="gpt2"):
    return BytePairTokenizer.train(SENTENCES * 9 + "a" * 100, 320, pattern=pattern, special_tokens=["<end>"])


# --- The oracles ---------------------------------------------------------------------------------


@cache
def tiktoken_pattern(name):
    """The pattern as `tiktoken` has it, without the ranks it would download."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai_public, "load_tiktoken_bpe", lambda *args, **kwargs: {})
        return {"gpt2": openai_public.r50k_base, "gpt4": openai_public.cl100k_base}[name]()["pat_str"]


@cache
def tiktoken_twin(pattern):
    tokenizer = trained(pattern)
    return tiktoken.Encoding(
        "ours",
        pat_str=tiktoken_pattern(pattern),
        mergeable_ranks=tokenizer.ranks,
        special_tokens=tokenizer.special_tokens,
    )


def most_frequent_then_smallest(pair, count):
    return -count, pair


def naive_merges(word_counts, how_many, order=most_frequent_then_smallest):
    """Byte-pair encoding as one would explain it: count all pairs of all words anew before every merge."""
    words = [([*word], count) for word, count in word_counts.items()]
    merges = []
    for new in range(256, 256 + how_many):
        pairs = Counter()
        for ids, count in words:
            for pair in pairwise(ids):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: order(pair, pairs[pair]))
        merges.append((best, pairs[best]))
        words = [(join(ids, best, new), count) for ids, count in words]
    return merges


def join(ids, pair, new):
    """[1, 1, 1] with the pair (1, 1) → [new, 1]"""
    joined = []
    for id in ids:
        joined.append(id)
        # a token that this very pass made is no half of another pair: no pair holds its id yet
        if tuple(joined[-2:]) == pair:
            joined[-2:] = [new]
    return joined


# `tokenizers` writes bytes as characters: printable ones as themselves, the others as the characters from 256 on.
ALPHABET = set(tokenizers.pre_tokenizers.ByteLevel.alphabet())
OTHERS = iter(sorted(c for c in ALPHABET if ord(c) > 255))
BYTES = [chr(byte) if chr(byte) in ALPHABET else next(OTHERS) for byte in range(256)]


def rust_twin(text, vocabulary_size):
    """`tokenizers`' byte-level BPE trained on the text, its ids for bytes and so its order of ties made ours."""
    tokenizer = rust_tokenizer(tokenizers.models.BPE())
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary_size, special_tokens=BYTES, show_progress=False
    )
    tokenizer.train_from_iterator([text], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    return merges, rust_tokenizer(tokenizers.models.BPE(model["vocab"], merges))


def rust_tokenizer(model):
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def assert_learns_like_the_naive_trainer(learn):
    """Ties, overlapping pairs, counts that sink while they wait: whatever text of two letters brings up."""

    @MANY
    @given(st.dictionaries(st.text("aab", min_size=1).map(str.encode), st.integers(1, 3), min_size=1))
    @example({b"abab": 1, b"baba": 1})
    @example({b"aaaaaaaaa": 1, b"aaa": 2})
    def compare(word_counts):
        assert learn(word_counts, 20) == naive_merges(word_counts, 20)

    compare()


def assert_encodes_like_tiktoken(encode, pattern):
    @MANY
    @given(texts)
    @example("lowest\tok 1234567 aaaaaaa")
    def compare(text):
        expected = tiktoken_twin(pattern).encode(text, disallowed_special=())
        assert encode(text, disallowed_special=()) == expected

    compare()


# --- Training ------------------------------------------------------------------------------------


def test_training_learns_what_the_naive_trainer_learns():
    assert_learns_like_the_naive_trainer(learn_merges)


@pytest.mark.parametrize(
    "order",
    [
        lambda pair, count: (-count, -pair[0], -pair[1]),  # the larger ids first
        lambda pair, count: (-count, pair[::-1]),  # the right id before the left
        lambda pair, count: -count,  # the pair that was seen first
        lambda pair, count: pair,  # not by how often at all
    ],
)
def test_another_order_of_merges_is_noticed(order):
    with pytest.raises(AssertionError):
        assert_learns_like_the_naive_trainer(partial(naive_merges, order=order))


def test_overlapping_pairs_joined_from_the_right_are_noticed():
    def learn(word_counts, how_many):
        backwards = learn_merges({word[::-1]: n for word, n in word_counts.items()}, how_many)
        return [((right, left), count) for (left, right), count in backwards]

    with pytest.raises(AssertionError):
        assert_learns_like_the_naive_trainer(learn)


@QUICK
@given(texts.map(lambda text: text.encode("utf-8", "replace").decode()).filter(bool))
def test_training_and_encoding_equal_the_rust_tokenizers(text):
    tokenizer = BytePairTokenizer.train(text, 300)
    merges, rust = rust_twin(text, 300)
    as_characters = [
        tuple("".join(BYTES[b] for b in part) for part in merge.pair) for merge in tokenizer.merges
    ]
    assert as_characters == merges
    assert tokenizer.encode(text + SENTENCES) == rust.encode(text + SENTENCES).ids


def test_a_real_text_gives_the_merges_of_the_rust_tokenizers():
    text = pydoc.plaintext.document(string) + pydoc.plaintext.document(base64)
    tokenizer = BytePairTokenizer.train(text, 600)
    merges, rust = rust_twin(text, 600)
    as_characters = [
        tuple("".join(BYTES[b] for b in part) for part in merge.pair) for merge in tokenizer.merges
    ]
    assert len(merges) == 344 and as_characters == merges
    assert tokenizer.encode(text) == rust.encode(text).ids


@QUICK
@given(few_letters.filter(bool), st.integers(256, 290))
def test_merges_are_told_as_they_were_learnt(text, vocabulary_size):
    tokenizer = BytePairTokenizer.train(text, vocabulary_size, pattern="none")
    learnt = learn_merges({text.encode(): 1}, vocabulary_size - 256)
    for merge, ((left, right), count) in zip(tokenizer.merges, learnt, strict=True):
        assert merge.pair == (tokenizer.tokens[left], tokenizer.tokens[right])
        assert merge.token == b"".join(merge.pair) == tokenizer.tokens[merge.id]
        assert merge.count == count
    assert [merge.id for merge in tokenizer.merges] == [*range(256, 256 + len(learnt))]
    assert tokenizer.vocabulary_size == 256 + len(learnt) <= vocabulary_size


def test_training_stops_when_every_word_is_one_token():
    assert learn_merges({b"aaa": 1}, 50) == [((97, 97), 2), ((256, 97), 1)]
    assert BytePairTokenizer.train("x", 1000).vocabulary_size == 256


def test_training_counts_words_once_and_joins_only_within_them():
    tokens = BytePairTokenizer.train("of the of the of the", 300).ranks
    assert b" the" in tokens and b"of the" not in tokens
    assert b"of the" in BytePairTokenizer.train("of the of the of the", 300, pattern="none").ranks


# --- Encoding ------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
def test_ids_are_those_of_tiktoken(pattern):
    assert_encodes_like_tiktoken(trained(pattern).encode, pattern)


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, " " * 20_000, "\0" * 9999, "1" * 20_000, "\r\n" * 3000, "ab" * 30_000, "low" * 20_000],
)
def test_very_long_runs_have_the_ids_of_tiktoken(text, pattern):
    ids = trained(pattern).encode(text)
    assert ids == tiktoken_twin(pattern).encode(text)
    assert trained(pattern).decode(ids) == text


def merged_pair_by_pair(tokenizer, word):
    """What `_merge` must give: of all pairs that make a token, the one learnt first, until there is none."""
    while new := min(
        (tokenizer._made[pair] for pair in map("".join, pairwise(word)) if pair in tokenizer._made),
        default="",
    ):
        word = word.replace(tokenizer._pairs[new], new)
    return word


def assert_heap_merges_like_the_definition(tokenizer):
    @MANY
    @given(st.one_of(st.text("lower news", max_size=60), few_letters, texts))
    @example("lowest" * 30)
    @example("a" * 99)
    @example("")
    def compare(text):
        word = tokenizer._start(text.encode("utf-8", "replace"))
        assert (
            tokenizer._merge_by_heap(word) == tokenizer._merge(word) == merged_pair_by_pair(tokenizer, word)
        )

    compare()


def test_a_heap_of_pairs_joins_what_was_learnt_first():
    assert_heap_merges_like_the_definition(trained())


def test_a_heap_that_forgets_what_was_joined_is_noticed(monkeypatch):
    monkeypatch.setattr(byte_pair, "heappop", lambda heap: heap.pop(0))  # no longer the smallest
    with pytest.raises(AssertionError):
        assert_heap_merges_like_the_definition(trained())


def large_vocabulary():
    """5,000 tokens, of words that stand in no order, and of one character over and over."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice([*"etaoinsh"], size)) for size in rng.integers(1, 12, 4000)]
    return BytePairTokenizer.train(" ".join([*words, *("^" * n for n in range(1, 70))]), 5000)


@pytest.mark.parametrize("make", [lambda letters: "^" * 20_000, lambda letters: "".join(letters)])
def test_long_words_of_a_large_vocabulary_cost_no_more_than_short_ones(make):
    """Counted, not timed: how often a pair is looked up, for each character of the word."""
    tokenizer, looked_up = large_vocabulary(), []

    class Counting(dict):
        def get(self, pair, default=None):
            looked_up.append(pair)
            return super().get(pair, default)

    text = make(np.random.default_rng(1).choice([*"etaoinsh"], 20_000))
    twin = tiktoken.Encoding("ours", pat_str=r"(?s:.+)", mergeable_ranks=tokenizer.ranks, special_tokens={})
    tokenizer._made = Counting(tokenizer._made)
    assert tokenizer.encode(text) == twin.encode(text)
    assert len(looked_up) < 10 * len(text)


# --- Pieces of a long text -----------------------------------------------------------------------


@pytest.mark.parametrize("pattern", [*PATTERNS])
def test_pieces_have_the_words_of_the_whole(pattern):
    @MANY
    @given(texts, st.integers(1, 9))
    @example("I'll pay \r\n 500 a\n b ñ  \n\nc", 1)
    def compare(text, size):
        parts = pieces(text, pattern, size)
        assert "".join(parts) == text and all(parts)
        assert [word for part in parts for word in split_words(part, pattern)] == split_words(text, pattern)

    compare()
    assert len(pieces("de nada " * 100, "gpt2", 50)) > 10


def test_long_work_is_watched():
    seen = []

    def watch(steps, what):
        seen.append((what, len(steps)))
        return steps

    text = SENTENCES * 9
    watched = BytePairTokenizer.train(text, 300, watch=watch)
    assert watched.ranks == BytePairTokenizer.train(text, 300).ranks
    assert seen == [("counting words", 1), ("learning tokens", 44)]


def test_bytes_may_have_ids_in_any_order():
    shuffled = np.random.default_rng(0).permutation(256).tolist()
    tokens = [bytes([byte]) for byte in shuffled] + [merge.token for merge in trained().merges]
    ranks = {token: id for id, token in enumerate(tokens)}
    twin = tiktoken.Encoding(
        "shuffled", pat_str=tiktoken_pattern("gpt2"), mergeable_ranks=ranks, special_tokens={}
    )
    tokenizer = BytePairTokenizer(ranks)
    assert tokenizer.encode(SENTENCES) == twin.encode(SENTENCES) != trained().encode(SENTENCES)
    assert tokenizer.decode(tokenizer.encode(SENTENCES)) == SENTENCES


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
def test_a_wrong_pattern_is_noticed(pattern):
    other = {"gpt2": "gpt4", "gpt4": "gpt2"}[pattern]
    with pytest.raises(AssertionError):
        assert_encodes_like_tiktoken(BytePairTokenizer(trained(pattern).ranks, other).encode, pattern)


def merged_from_the_left(tokenizer, word):
    """Wrong: any pair that makes a token, leftmost first, instead of the merge learnt first."""
    at = 0
    while at < len(word) - 1:
        if new := tokenizer._made.get(word[at : at + 2]):
            word, at = word[:at] + new + word[at + 2 :], max(at - 1, 0)
        else:
            at += 1
    return word


def longest_match(tokenizer, word):
    """Wrong: the longest token that the rest begins with."""
    rest, found = bytes(map(ord, word)), ""
    while rest:
        token = max((token for token in tokenizer.ranks if rest.startswith(token)), key=len)
        found, rest = found + chr(tokenizer.ranks[token]), rest[len(token) :]
    return found


@pytest.mark.parametrize("wrong", [merged_from_the_left, longest_match])
def test_another_way_to_merge_is_noticed(wrong, monkeypatch):
    tokenizer = BytePairTokenizer.train("abc" * 5 + " bc" * 9 + " cab" * 7 + " abcabd" * 3 + SENTENCES, 420)
    text = " abcab cabcabd bcabc lowest newest"
    twin = tiktoken.Encoding(
        "ours", pat_str=tiktoken_pattern("gpt2"), mergeable_ranks=tokenizer.ranks, special_tokens={}
    )
    assert tokenizer.encode(text) == twin.encode(text)
    broken = BytePairTokenizer(tokenizer.ranks)
    monkeypatch.setattr(broken, "_merge", lambda word: wrong(broken, word))
    assert broken.encode(text) != twin.encode(text)
    assert broken.decode(broken.encode(text)) == text  # a round trip alone would not have noticed


@MANY
@given(texts)
def test_every_text_comes_back(text):
    for pattern in PATTERNS:
        tokenizer = trained(pattern)
        ids = tokenizer.encode(text, disallowed_special=(), errors="surrogatepass")
        assert tokenizer.decode(ids, errors="surrogatepass") == text
        assert "".join(split_words(text, pattern)) == text


def test_half_a_surrogate_pair():
    tokenizer = trained()
    assert tokenizer.decode(tokenizer.encode("a\ud83d!")) == "a\ufffd!"
    assert tokenizer.decode(tokenizer.encode("\ud83d\ude00")) == "😀"
    with pytest.raises(UnicodeEncodeError):
        tokenizer.encode("\ud83d", errors="strict")
    with pytest.raises(ValueError, match="errors is 'ignore', expected 'replace'"):
        tokenizer.encode("a", errors="ignore")


def test_ids_that_are_not_utf8_decode_to_replacement_characters():
    assert trained().decode([0xF0, 0x9F]) == tiktoken_twin("gpt2").decode([0xF0, 0x9F]) == "\ufffd"
    with pytest.raises(UnicodeDecodeError):
        trained().decode([0xF0, 0x9F], errors="strict")


def test_the_cache_changes_nothing_and_does_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(byte_pair, "_CACHE_SIZE", 3)
    tokenizer = BytePairTokenizer.train(SENTENCES, 300)
    once = tokenizer.encode(SENTENCES)
    once.append(-1)  # the caller's list is the caller's
    assert tokenizer.encode(SENTENCES) == once[:-1]
    assert 0 < len(tokenizer._cache) <= 3
    tokenizer._cache.clear()
    tokenizer.encode("a" * 5000)
    assert not tokenizer._cache


@QUICK
@given(texts)
def test_steps_go_from_bytes_to_the_encoding(text):
    states = list(trained().steps(text))
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert states[0] == [bytes([byte]) for byte in text.encode()]
    assert states[-1] == [trained().tokens[id] for id in trained().encode(text, disallowed_special=())]
    assert all(len(after) < len(before) for before, after in pairwise(states))
    assert all(b"".join(state) == text.encode() for state in states)


# --- Special tokens ------------------------------------------------------------------------------

SPECIAL = ["<|end|>", "<pad>", "<|end|>>", "a b"]


@cache
def special_pair():
    tokenizer = BytePairTokenizer.train(SENTENCES, 300, special_tokens=SPECIAL)
    return tokenizer, tiktoken.Encoding(
        "special",
        pat_str=tiktoken_pattern("gpt2"),
        mergeable_ranks=tokenizer.ranks,
        special_tokens=tokenizer.special_tokens,
    )


@QUICK
@given(
    st.lists(st.sampled_from(["<pad>", "a b", "<|end|> ", "<|end|", ">", "low", "  ", "<", "\n"])).map(
        "".join
    ),
    st.one_of(st.just("all"), st.sets(st.sampled_from(["<pad>", "<|end|>", "a b"]))),
    st.one_of(st.just("all"), st.sets(st.sampled_from(["<pad>", "<|end|>", "a b"]))),
)
def test_special_tokens_are_allowed_and_refused_as_in_tiktoken(text, allowed, disallowed):
    tokenizer, twin = special_pair()
    text = text.replace("<|end|>>", "")  # where two could stand, tiktoken takes any; we the longer
    try:
        expected = twin.encode(text, allowed_special=allowed, disallowed_special=disallowed)
    except ValueError:
        with pytest.raises(ValueError, match="the text contains the special token"):
            tokenizer.encode(text, allowed_special=allowed, disallowed_special=disallowed)
    else:
        ids = tokenizer.encode(text, allowed_special=allowed, disallowed_special=disallowed)
        assert ids == expected
        assert tokenizer.decode(ids) == text


def test_special_tokens_get_the_last_ids_and_the_longest_wins():
    tokenizer, _ = special_pair()
    assert list(tokenizer.special_tokens.values()) == [*range(300 - 4, 300)]
    assert tokenizer.vocabulary_size == 300
    assert tokenizer.encode("<|end|>>", allowed_special="all") == [tokenizer.special_tokens["<|end|>>"]]


def test_special_tokens_in_a_text_are_an_error_unless_said_otherwise():
    tokenizer = trained()
    with pytest.raises(
        ValueError, match=r"special token '<end>'; allowed_special=\{'<end>'\} encodes it as one"
    ):
        tokenizer.encode("low<end>")
    ordinary = tokenizer.encode("low<end>", disallowed_special=())
    assert tokenizer.special_tokens["<end>"] not in ordinary and tokenizer.decode(ordinary) == "low<end>"
    with pytest.raises(ValueError, match="no special token '<eot>' in this tokenizer"):
        tokenizer.encode("low", allowed_special={"<eot>"})
    with pytest.raises(TypeError, match="expected a list of names"):
        tokenizer.encode("low", allowed_special="<end>")


@pytest.mark.parametrize(
    ("special_tokens", "error", "message"),
    [
        ("<end>", TypeError, "expected a list of names"),
        ([""], TypeError, "expected a list of names"),
        ([7], TypeError, "expected a list of names"),
        (["<end>", "<end>"], ValueError, "name one twice"),
    ],
)
def test_bad_special_tokens_are_refused(special_tokens, error, message):
    for make in (
        lambda: BytePairTokenizer.train("low", 300, special_tokens=special_tokens),
        lambda: WordTokenizer("low", special_tokens),
        lambda: CharTokenizer("low", special_tokens),
    ):
        with pytest.raises(error, match=message):
            make()


@pytest.mark.parametrize("id", [0, 320, -1, True, 2.0, 1_000_000])
def test_special_tokens_need_ids_of_their_own(id):
    with pytest.raises(ValueError, match="need an id of their own each, from 319 on"):
        BytePairTokenizer(trained().ranks, special_tokens={"<end>": id, "<pad>": 320})


# --- Batches -------------------------------------------------------------------------------------


def test_a_batch_is_a_rectangle_and_tells_its_lengths():
    tokenizer = BytePairTokenizer.train("low lower", 262, special_tokens=["<pad>", "<start>", "<end>"])
    pad, start, end = tokenizer.special_tokens.values()
    rows, lengths = tokenizer.encode_batch(["low", " low low", "x"], 4, start=True, end=True)
    assert rows == [
        [start, *tokenizer.encode("low"), end, pad],
        [start, *tokenizer.encode(" low low"), end],
        [start, *tokenizer.encode("x"), end, pad],
    ]
    assert lengths == [3, 4, 3]


@QUICK
@given(st.lists(st.text("nad ", min_size=1, max_size=6), min_size=1, max_size=4), st.integers(0, 3))
def test_a_batch_without_its_padding_is_the_texts(texts, room):
    tokenizer = CharTokenizer("nad ")
    C = max(map(len, texts)) + room
    rows, lengths = tokenizer.encode_batch(texts, C)
    assert np.shape(rows) == (len(texts), C)
    assert [tokenizer.decode(row[:n]) for row, n in zip(rows, lengths, strict=True)] == texts
    assert all(
        row[n:] == [tokenizer.special_tokens["<pad>"]] * (C - n) for row, n in zip(rows, lengths, strict=True)
    )


@pytest.mark.parametrize(
    ("texts", "settings", "error", "message"),
    [
        (["de nada", "de de de"], {}, ValueError, "text 1 has 3 tokens, but the context length is 2"),
        (["de nada"], {"end": True}, ValueError, "text 0 has 3 tokens, but the context length is 2"),
        (["de nada", ""], {}, ValueError, "text 1 is empty"),
        ([], {}, ValueError, "no texts, expected at least one"),
        ("de nada", {}, TypeError, "texts is one str, expected a list"),
        ([b"de"], {}, TypeError, "text is a bytes, expected a str"),
        (["hola"], {}, ValueError, "'hola' is no token"),
    ],
)
def test_bad_batches_are_refused(texts, settings, error, message):
    with pytest.raises(error, match=message):
        WordTokenizer("de nada").encode_batch(texts, 2, **settings)


def test_a_special_token_that_is_needed_and_missing_is_named():
    tokenizer = WordTokenizer("de nada", special_tokens=["<end>"])
    assert tokenizer.encode_batch(["nada"], 1) == ([[2]], [1])  # nothing to pad, nothing missing
    with pytest.raises(ValueError, match=r"no special token '<pad>' in this tokenizer, only \['<end>'\]"):
        tokenizer.encode_batch(["nada"], 2)
    with pytest.raises(ValueError, match="no special token '<start>'"):
        tokenizer.encode_batch(["nada"], 2, start=True)


# --- Words and characters ------------------------------------------------------------------------


def test_words_get_ids_in_order_after_the_special_tokens():
    tokenizer = WordTokenizer("You are welcome are You")
    assert list(tokenizer.ids) == ["<pad>", "<start>", "<end>", "You", "are", "welcome"]
    assert tokenizer.vocabulary_size == 6
    assert tokenizer.encode(" welcome\tYou\nYou ") == [5, 3, 3]
    assert tokenizer.decode([1, 3, 4, 2, 0]) == "<start> You are <end> <pad>"
    assert tokenizer.decode([1, 3, 4, 2, 0], skip_special=True) == "You are"
    assert tokenizer.encode("") == [] and tokenizer.decode([]) == ""


def test_unknown_words_are_an_error_or_unk():
    with pytest.raises(ValueError, match="encode: 'todo' is no token; with <unk> among the special tokens"):
        WordTokenizer("de nada").encode("de todo")
    assert WordTokenizer("de nada", special_tokens=["<unk>"]).encode("de todo nada") == [1, 0, 2]


def test_a_text_may_not_spell_special_tokens():
    for tokenizer in (WordTokenizer("de nada"), CharTokenizer("nad", special_tokens=["<pad>", "x"])):
        with pytest.raises(ValueError, match="contains the special token '(<pad>|x)'"):
            tokenizer.encode("<pad> x")
    with pytest.raises(ValueError, match="contains the special token '<end>'"):
        WordTokenizer("de nada <end>")


@QUICK
@given(texts.filter(bool))
def test_characters_keep_every_text(text):
    tokenizer = CharTokenizer(text)
    assert tokenizer.vocabulary_size == 3 + len(set(text))
    assert tokenizer.decode(tokenizer.encode(text)) == text


# --- Bad input -----------------------------------------------------------------------------------

ALL = [WordTokenizer("de nada"), CharTokenizer("de nada"), trained()]


@pytest.mark.parametrize("tokenizer", ALL, ids=lambda tokenizer: type(tokenizer).__name__)
class TestBadInput:
    @pytest.mark.parametrize("id", [-1, 10**6, 5000])
    def test_unknown_ids(self, tokenizer, id):
        with pytest.raises(ValueError, match=f"no token has id {id}; V is {tokenizer.vocabulary_size}"):
            tokenizer.decode([0, id])

    @pytest.mark.parametrize("ids", [7, None, "de", [1.0], [None], [[0, 1]], np.zeros((2, 2), int)])
    def test_ids_that_are_no_list_of_whole_numbers(self, tokenizer, ids):
        with pytest.raises(TypeError, match="expected a list of whole numbers"):
            tokenizer.decode(ids)

    def test_arrays_of_ids_are_welcome(self, tokenizer):
        ids = tokenizer.encode("de nada")
        assert tokenizer.decode(np.array(ids)) == tokenizer.decode(iter(ids)) == "de nada"

    @pytest.mark.parametrize("text", [None, 7, b"de nada", ["de", "nada"]])
    def test_texts_that_are_none(self, tokenizer, text):
        with pytest.raises(TypeError, match="text is a .*, expected a str"):
            tokenizer.encode(text)

    def test_the_empty_text(self, tokenizer):
        assert tokenizer.encode("") == [] and tokenizer.decode([]) == ""


def test_nothing_to_learn_from():
    for make in (WordTokenizer, CharTokenizer):
        with pytest.raises(ValueError, match=f"{make.__name__}: the text is empty"):
            make("")
    with pytest.raises(ValueError, match="train: the text is empty"):
        BytePairTokenizer.train("", 300)
    with pytest.raises(TypeError, match="text is a list"):
        BytePairTokenizer.train(["low"], 300)


@pytest.mark.parametrize("size", [0, 256, 10**7])
def test_a_vocabulary_size_out_of_bounds(size):
    with pytest.raises(
        ValueError, match=rf"vocabulary_size is {size}, expected 257 \(256 bytes and 1 special"
    ):
        BytePairTokenizer.train("low", size, special_tokens=["<end>"])


def test_an_unknown_pattern():
    for call in (lambda: split_words("a", "gpt3"), lambda: BytePairTokenizer.train("a", 300, pattern="gpt3")):
        with pytest.raises(ValueError, match="pattern 'gpt3' is not one of gpt2, gpt4, none"):
            call()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ranks: ranks.pop(b"a"), "the first 256 tokens the 256 bytes"),
        (lambda ranks: ranks.update({b"low low": 500}), "without a gap"),
        (lambda ranks: ranks.update({b"low low": 300}), "without a gap"),
        (lambda ranks: ranks.update({b"": 319}), r"token 319, b'', is not two earlier tokens joined"),
        (lambda ranks: ranks.update({b"xyz": 319}), r"token 319, b'xyz', is not two earlier tokens joined"),
    ],
)
def test_ranks_that_no_training_can_have_made_are_refused(change, message):
    ranks = dict(trained().ranks)
    assert len(ranks) == 319
    change(ranks)
    with pytest.raises(ValueError, match=message):
        BytePairTokenizer(ranks)


# --- Save and load -------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "small.tiktoken"
    trained("gpt4").save(path)
    return path


def test_what_was_saved_comes_back(saved):
    tokenizer, loaded = trained("gpt4"), BytePairTokenizer.load(saved)
    assert vars(loaded) | {"_cache": 0} == vars(tokenizer) | {"_cache": 0}
    assert loaded.encode(SENTENCES) == tokenizer.encode(SENTENCES)
    assert sorted(path.name for path in saved.parent.iterdir()) == ["small.tiktoken", "small.tiktoken.json"]
    trained("gpt2").save(str(saved))
    assert BytePairTokenizer.load(str(saved)).pattern == "gpt2"


def test_the_ranks_are_a_file_for_tiktoken(saved):
    from tiktoken.load import load_tiktoken_bpe

    assert load_tiktoken_bpe(str(saved)) == read_ranks(saved) == trained("gpt4").ranks


def test_a_full_disk_leaves_what_was_there(saved, monkeypatch):
    """The system refuses to put the bytes on the disk: the files are as before, and no third one stays."""
    before = {path.name: path.read_bytes() for path in saved.parent.iterdir()}

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        trained("gpt2").save(saved)
    assert {path.name: path.read_bytes() for path in saved.parent.iterdir()} == before


def changed_json(**changes):
    def change(ranks, about):
        return ranks, json.dumps(json.loads(about) | changes).encode()

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda ranks, about: (ranks[:-40], about),  # cut short
        lambda ranks, about: (b"".join(ranks.splitlines(True)[:-1]), about),
        lambda ranks, about: (b"", about),
        lambda ranks, about: (ranks, about[:-40]),
        lambda ranks, about: (ranks, b""),
        lambda ranks, about: (ranks.replace(b" 300\n", b" 301\n"), about),  # edited
        lambda ranks, about: (b"\x80\x04K\x01.", about),  # a pickle
        lambda ranks, about: (ranks, b"\x80\x04K\x01."),
        lambda ranks, about: (ranks, b"[" * 100_000),
        lambda ranks, about: (ranks, b"[]"),
        lambda ranks, about: (ranks, b"{}"),
        changed_json(pattern="gpt2"),
        changed_json(special_tokens={"<end>": 7}),
        changed_json(sha256=None),
        changed_json(more=1),
    ],
)
def test_files_that_were_changed_are_refused(saved, change):
    beside = saved.with_name(saved.name + ".json")
    ranks, about = change(saved.read_bytes(), beside.read_bytes())
    assert (ranks, about) != (saved.read_bytes(), beside.read_bytes())
    saved.write_bytes(ranks)
    beside.write_bytes(about)
    with pytest.raises(ValueError, match=r"small\.tiktoken: not what save wrote, nothing loaded"):
        BytePairTokenizer.load(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pattern": ["gpt2"]}, "unhashable|pattern"),
        ({"pattern": "(a+)+$"}, "is not one of gpt2, gpt4, none"),
        ({"special_tokens": {"<end>": 7}}, "need an id of their own"),
        ({"special_tokens": {"<end>": 1e300}}, "need an id of their own"),
        ({"special_tokens": 7}, "not iterable"),
        ({"special_tokens": {"": 500}}, "expected a list of names"),
        ({"special_tokens": {"\ud800": 500}}, "surrogates not allowed"),
        ({"counts": [1.5]}, "a count is not a whole number"),
        ({"counts": [1]}, "shorter"),
        ({"counts": None}, "not iterable"),
        ({"code": "print()"}, "unexpected keyword argument 'code'"),
    ],
)
def test_files_forged_with_a_right_fingerprint_are_refused_too(saved, changes, message):
    beside = saved.with_name(saved.name + ".json")
    about = json.loads(beside.read_bytes()) | changes
    del about["sha256"]
    about["sha256"] = byte_pair._fingerprint(saved.read_bytes(), about)
    beside.write_text(json.dumps(about))
    with pytest.raises(ValueError, match=f"nothing loaded: .*({message})"):
        BytePairTokenizer.load(saved)


def test_a_file_that_is_not_there(saved):
    with pytest.raises(FileNotFoundError):
        BytePairTokenizer.load(saved.with_name("other"))
    saved.unlink()
    with pytest.raises(FileNotFoundError):
        BytePairTokenizer.load(saved)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"bG8= 0\nbG93 2\n", "line 2: b'bG93 2' has not id 1"),
        (b"bG8= 0\nbG8= 1\n", "line 2: b'bG8= 1' has not id 1, or a token seen before"),
        (b"bG8= -1\n", "line 1: .* has not id 0"),
        (b"bG8= 00\n", "line 1: .* has not id 0"),
        (b"bG8=\n", "line 1: b'bG8=' is not a token in base64 and its id"),
        (b"b*8= 0\n", "line 1: .* is not a token in base64"),
        (b"bG8= 0 0\n", "line 1: .* is not a token in base64"),
        (b"\n", "line 1: b'' is not a token in base64"),
    ],
)
def test_ranks_files_with_a_wrong_line_name_it(tmp_path, content, message):
    path = tmp_path / "ranks"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_ranks(path)
