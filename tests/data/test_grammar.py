"""The grammar's exact numbers: against the enumeration of a small one, and against samples."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.data.text_file import TextFile
from course_lib.tokenization import END

# The sense is set by the first word and decides the last; "b" may start two rests; a part is optional.
SMALL = {
    "S": "2 WATER | MONEY | 1.5 b b",
    "WATER": "a bank WHEN river",
    "MONEY": "b bank WHEN cash",
    "WHEN": "3 | now | 0.5 last WHEN_LAST",
    "WHEN_LAST": "now | b",
}


@pytest.fixture(scope="module")
def small():
    return Grammar(SMALL)


@pytest.fixture(scope="module")
def english():
    return Grammar(ENGLISH)


def enumerate_rule(rules, symbols):
    """Yield (probability, words) of everything the symbols can become: the rules followed by hand."""
    if not symbols:
        yield 1.0, ()
        return
    first, rest = symbols[0], symbols[1:]
    if first in rules:
        alternatives = []
        for text in rules[first].split("|"):
            words = text.split()
            weighted = words and words[0].replace(".", "").isdigit()
            alternatives.append((float(words[0]), words[1:]) if weighted else (1.0, words))
        total = sum(weight for weight, _ in alternatives)
        for weight, sequence in alternatives:
            for p, words in enumerate_rule(rules, [*sequence, *rest]):
                yield weight / total * p, words
    else:
        for p, words in enumerate_rule(rules, rest):
            yield p, (first, *words)


def all_sentences(rules):
    probabilities = defaultdict(float)
    for p, words in enumerate_rule(rules, ["S"]):
        probabilities[(*words, END)] += p
    return probabilities


def windows(sentences, n):
    """The probability of each window of n tokens, cut from the endless stream anywhere."""
    mean = sum(p * len(s) for s, p in sentences.items())
    found, waiting = defaultdict(float), []
    for s, p in sentences.items():  # every token of a sentence is a place to cut
        waiting += [(s[i:], p / mean) for i in range(len(s))]
    while waiting:
        words, p = waiting.pop()
        if len(words) >= n:
            found[words[:n]] += p
        else:
            waiting += [(words + s, p * q) for s, q in sentences.items()]
    return found


def entropy(probabilities):
    return -sum(p * math.log(p) for p in probabilities)


def test_against_the_enumeration_of_all_sentences(small):
    sentences = all_sentences(SMALL)
    length = sum(p * len(s) for s, p in sentences.items())
    np.testing.assert_allclose(sum(sentences.values()), 1, rtol=1e-12)
    np.testing.assert_allclose(small.tokens_per_sentence, length, rtol=1e-12)
    np.testing.assert_allclose(small.sentence_entropy, entropy(sentences.values()), rtol=1e-12)
    np.testing.assert_allclose(small.entropy, entropy(sentences.values()) / length, rtol=1e-12)
    assert small.longest == max(map(len, sentences))
    assert small.V == len({word for s in sentences for word in s})


def test_floors_against_the_enumeration(small):
    sentences = all_sentences(SMALL)
    blocks = [0.0] + [entropy(windows(sentences, n).values()) for n in range(1, 8)]
    np.testing.assert_allclose(small.floors(6), np.diff(blocks), rtol=1e-11)  # H(next | last k)
    np.testing.assert_allclose(small.window_floor(5), np.diff(blocks)[1:6].mean(), rtol=1e-11)


def test_next_tokens_against_the_enumeration(small):
    sentences = all_sentences(SMALL)
    for n in range(1, 6):
        longer, tried = windows(sentences, n + 1), 0
        for prefix, p in windows(sentences, n).items():
            expected = [longer[(*prefix, word)] / p for word in small.words]
            np.testing.assert_allclose(
                small.next_token(" ".join(prefix)), expected, rtol=1e-11, err_msg=str(prefix)
            )
            tried += 1
        assert tried > n
    unigrams = windows(sentences, 1)
    np.testing.assert_allclose(small.next_token(""), [unigrams[(w,)] for w in small.words], rtol=1e-12)


def test_scores_against_the_enumeration(small):
    for n in (3, 6):
        for words, p in windows(all_sentences(SMALL), n).items():
            np.testing.assert_allclose(
                small.log_probabilities(small.encode(" ".join(words))).sum(), math.log(p)
            )
    rows = np.array([small.encode("a bank river"), small.encode("now cash <end>"), small.encode("a a <end>")])
    scores = small.log_probabilities(rows)
    assert np.isfinite(scores[:2]).all() and np.isneginf(scores[2, 1:]).all()
    np.testing.assert_array_equal(scores[1], small.log_probabilities(rows[1]))


def test_scores_with_the_last_tokens_alone(small):
    row = small.encode("b bank last now cash <end> a bank river <end> b b <end> b bank cash")
    for k in range(5):
        expected = [math.log(small.next_token(row[max(0, t - k) : t])[id]) for t, id in enumerate(row)]
        np.testing.assert_allclose(small.log_probabilities([row, row], k), [expected] * 2, rtol=1e-12)
    np.testing.assert_array_equal(small.log_probabilities(row, len(row)), small.log_probabilities(row))
    stream = small.stream(40_000, seed=0)
    for k, floor in enumerate(small.floors(3)):  # Monte Carlo
        lots = -small.log_probabilities(stream, k)[10:-30].reshape(120, -1).mean(axis=1)
        assert abs(lots.mean() - floor) < 5 * lots.std() / math.sqrt(120), k


def test_it_accepts_its_sentences_and_no_others(small):
    sentences = {s[:-1] for s in all_sentences(SMALL)}
    words = small.words[1:]
    tried = [()]
    for _ in range(4):
        tried = [(*t, w) for t in tried for w in words]
        for t in tried:
            assert small.accepts(" ".join(t)) == (t in sentences), t
    assert small.accepts(small.encode("b b"))
    for bad in ("", "<end>", "b b <end>", "b b <end> b b", "b c", [99], [0]):
        assert not small.accepts(bad)


def test_samples_of_the_small_grammar(small):
    count = 40_000
    seen = Counter(small.sentences(count, seed=0))
    expected = {" ".join(s[:-1]): p for s, p in all_sentences(SMALL).items()}
    assert set(seen) == set(expected)
    for sentence, p in expected.items():  # within five standard deviations
        assert abs(seen[sentence] / count - p) < 5 * math.sqrt(p * (1 - p) / count), sentence


@pytest.mark.parametrize("grammar", ["small", "english"])
def test_floors_fall_to_the_entropy(grammar, request):
    grammar = request.getfixturevalue(grammar)
    floors = grammar.floors(grammar.longest + 1)
    assert (np.diff(floors) < 1e-12).all() and floors[0] < math.log(grammar.V)
    np.testing.assert_allclose(floors[-1], grammar.entropy, rtol=1e-9)
    assert grammar.entropy < grammar.window_floor(32) < floors[1]


def test_english_is_unambiguous(english):
    """A sentence that could be written in two ways would hold fewer nats than the choices that wrote it."""
    visits = english._stationary()
    choices = sum(m * entropy(p for p, _, _ in english._edges[s]) for s, m in visits.items())
    np.testing.assert_allclose(choices, english.sentence_entropy, rtol=1e-12)
    twice = Grammar({"S": "A | B", "A": "x y", "B": "x Z", "Z": "y | z"})
    choices = sum(m * entropy(p for p, _, _ in twice._edges[s]) for s, m in twice._stationary().items())
    assert choices > twice.sentence_entropy + 0.1


def test_samples_of_english(english):
    sentences = english.sentences(2_000, seed=1)
    assert len(sentences) == 2_000 and all(map(english.accepts, sentences))
    assert sentences[:500] == english.sentences(500, seed=1) != english.sentences(500, seed=2)
    assert english.decode(english.stream(60, seed=1)).startswith(f"{sentences[0]} {END} {sentences[1]} {END}")
    assert english.stream(0, seed=1).shape == (0,)
    stream = english.stream(200_000, seed=3)
    assert stream.shape == (200_000,) and set(stream) == set(range(english.V))
    # Monte Carlo, within five standard deviations: the stream's own surprise, and its windows'
    row = -english.log_probabilities(np.concatenate([[0], stream]))[1:]
    lots = row.reshape(100, -1).mean(axis=1)
    assert abs(lots.mean() - english.entropy) < 5 * lots.std() / 10
    windows = -english.log_probabilities(stream[: 33 * 6000].reshape(6000, 33))[:, 1:].mean(axis=1)
    assert abs(windows.mean() - english.window_floor(32)) < 5 * windows.std() / math.sqrt(6000)


def test_a_changed_sentence_is_refused(english):
    rng, refused = np.random.default_rng(0), 0
    by_hand = {
        "Anna swam slowly across to the old bank and looked at the reeds .": "reeds cash",
        "Anna walked slowly across to the old bank and looked at the cash .": "cash reeds",
        "the dog near the ducks is hungry .": "is are",
        "the dogs near the duck are hungry .": "are is",
        "the dog ( near the ducks ) is hungry .": ") is",
        "Ben said “ the dog is hungry ” .": "” .",
        "Ben asked Nora for some rice , so Nora gave Ben the rice .": "gave Omar",
    }
    for sentence, change in by_hand.items():
        old, new = change.split()
        words = sentence.split()
        place = len(words) - 1 - words[::-1].index(old)
        assert english.accepts(sentence), sentence
        assert not english.accepts(" ".join([*words[:place], new, *words[place + 1 :]])), (sentence, change)
    for sentence in english.sentences(300, seed=0):
        words = sentence.split()
        assert not english.accepts(" ".join(words[:-1])) and not english.accepts(" ".join([*words, "."]))
        at, other = rng.integers(len(words)), english.words[rng.integers(1, english.V)]
        refused += not english.accepts(" ".join([*words[:at], other, *words[at + 1 :]]))
    assert refused > 250  # some words may stand for others


def test_the_sense_of_bank_is_decided_long_before(english):
    tail = "slowly across to the quiet bank before lunch and talked about the"
    water = english.next_token(f"<end> Omar rowed {tail}")
    money = english.next_token(f"<end> Omar drove {tail}")
    without = english.next_token(tail)
    np.testing.assert_allclose(without, (water + money) / 2, rtol=1e-12)
    assert not (water * money).any() and (water > 0).sum() == (money > 0).sum() == 5


def test_english_has_fewer_than_128_words(english):
    assert english.V < 128 and len(set(english.words)) == english.V
    assert english.decode(english.encode("the dog is happy .")) == "the dog is happy ."


@pytest.mark.parametrize(
    "rules, words",
    [
        ({"A": "b"}, "Grammar: there is no rule 'S' to start from"),
        ({"S": "a A", "A": "b | c S"}, "Grammar: rule 'S' leads back to itself: S → A → S"),
        ({"S": "a | 0 b"}, "Grammar: the weights in rule 'S' must be above 0 and finite"),
        ({"S": "a | inf b"}, "Grammar: the weights in rule 'S' must be above 0 and finite"),
        ({"S": "a <end>"}, "Grammar: rule 'S' spells <end>, which the grammar itself writes"),
    ],
)
def test_bad_rules(rules, words):
    with pytest.raises(ValueError) as error:
        Grammar(rules)
    assert str(error.value) == words


def test_bad_text(small):
    with pytest.raises(ValueError, match="Grammar: 'c' is not one of its 8 words"):
        small.encode("b c")
    with pytest.raises(ValueError, match="Grammar: 'b a' cannot stand in a text of this grammar"):
        small.next_token("b a bank")


def test_a_text_of_the_readers_own(tmp_path):
    path = tmp_path / "own.txt"
    path.write_bytes("\ufeffŽluťoučký kůň, 猫と犬 🐎\r\n".encode() * 40)
    text = TextFile(path, 300)
    assert 256 < text.V <= 300 and text.tokens.max() < text.V
    whole = text.decode(text.tokens) + text.decode(text.held_out)
    assert whole == path.read_bytes().decode("utf-8-sig")
    assert 0 < len(text.held_out) < len(text.tokens) / 4


@pytest.mark.parametrize(
    "content, kind, words",
    [
        (None, OSError, "own.txt cannot be opened: No such file or directory"),
        (b"", ValueError, "own.txt has no text in it"),
        (b"\xef\xbb\xbf \n", ValueError, "own.txt has no text in it"),
        (b"caf\xe9!", ValueError, "own.txt is not UTF-8: byte 0xe9 at place 3; save it as UTF-8"),
        ("text".encode("utf-16"), ValueError, "own.txt is not UTF-8: byte 0xff at place 0; save it as UTF-8"),
    ],
)
def test_a_text_that_cannot_be_read(content, kind, words, tmp_path):
    path = tmp_path / "own.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(kind) as error:
        TextFile(path)
    assert str(error.value) == f"{tmp_path}/{words}"
