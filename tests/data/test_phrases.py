"""The English–Spanish phrases: their number, one translation each, agreement, and a split without a leak."""

import numpy as np
import pytest

from course_lib.data import phrases
from course_lib.data.phrases import END, PAD, START, WORDS, batch, decode, draw, encode, pairs, split


@pytest.fixture(scope="module")
def all_pairs():
    return [pair for found in pairs().values() for pair in found]


@pytest.fixture(scope="module")
def translation(all_pairs):
    return dict(all_pairs)


def test_how_many_there_are():
    articles, nouns, adjectives = 8, 12, 10
    things = articles * nouns * (1 + adjectives)
    counts = {kind: len(found) for kind, found in pairs().items()}
    assert counts == {
        "thing": things,
        "description": 2 * (things * adjectives - articles * nouns * adjectives),  # not "the red key is red"
        "action": things * 4 * 4 * 2,
        "person": 4 * 7 * 2,
        "idiom": 6,
    }


def test_every_sentence_has_one_translation_and_every_translation_one_sentence(all_pairs):
    assert len({english for english, _ in all_pairs}) == len(all_pairs)
    assert len({spanish for _, spanish in all_pairs}) == len(all_pairs)


def test_the_words(all_pairs):
    english = {word for text, _ in all_pairs for word in text.split()}
    spanish = {word for _, text in all_pairs for word in text.split()}
    assert not english & spanish
    assert WORDS == [PAD, START, END, *sorted(english | spanish)] and len(WORDS) == 192
    assert (len(english), len(spanish)) == (67, 122)
    assert max(len(text.split()) for text, _ in all_pairs) == 7
    assert max(len(text.split()) for _, text in all_pairs) == 6


BY_HAND = """
    the red house = la casa roja
    the red houses = las casas rojas
    a white hat = un sombrero blanco
    many old flowers = muchas flores viejas
    these big gardens = estos jardines grandes
    my blue keys = mis llaves azules
    this green door = esta puerta verde
    the house is big = la casa es grande
    the house is clean = la casa está limpia
    the old books are not wet = los libros viejos no están mojados
    i see a car = veo un coche
    we do not want these small plates = no queremos estos platos pequeños
    they buy my chair = compran mi silla
    you are strong = eres fuerte
    we are young = somos jóvenes
    i am sad = estoy triste
    they are not absent = no están ausentes
    you are not hungry = no tienes hambre
    we are thirsty = tenemos sed
    you are welcome = de nada
"""


@pytest.mark.parametrize("line", BY_HAND.strip().splitlines())
def test_translations_by_hand(line, translation):
    english, spanish = line.strip().split(" = ")
    assert translation[english] == spanish


def test_agreement(all_pairs):
    """Article, noun and adjectives of a description or an action have one gender and one number."""
    forms = {}  # Spanish word → the forms 0 … 3 it may stand for
    tables = [*phrases.QUALITIES.values(), *phrases.STATES.values()]
    tables += ["el la los las", "un una - -", "este esta - -", "mi mi - -"]
    tables += ["- - estos estas", "- - mis mis", "- - muchos muchas"]
    tables += [f"{a} - {b} -" for a, b in map(str.split, phrases.MASCULINE.values())]
    tables += [f"- {a} - {b}" for a, b in map(str.split, phrases.FEMININE.values())]
    for table in tables:
        for form, word in enumerate(table.split()):
            forms.setdefault(word, set()).add(form)
    kinds = pairs()
    for _, spanish in kinds["thing"] + kinds["description"] + kinds["action"]:
        words = [word for word in spanish.split() if word in forms]
        assert len(words) >= 2 and set.intersection(*(forms[word] for word in words)), spanish


@pytest.mark.parametrize("seed", range(4))
def test_the_split_has_no_leak(seed, all_pairs):
    train, held_out = split(seed)
    seen, kept = ([pair for found in part.values() for pair in found] for part in (train, held_out))
    assert sorted(seen + kept) == sorted(all_pairs) and not {e for e, _ in seen} & {e for e, _ in kept}
    assert not {s for _, s in seen} & {s for _, s in kept}
    nouns, adjectives = phrases.MASCULINE | phrases.FEMININE, phrases.QUALITIES | phrases.STATES

    def meetings(sentence):
        words = sentence.split()
        here = {noun for noun in nouns if noun in words or noun + "s" in words}
        return {(noun, word) for noun in here for word in words if word in adjectives}

    met = {pair for english, _ in seen for pair in meetings(english)}
    assert len(met) == 12 * 10 - 12
    assert all(meetings(english) - met for english, _ in kept)  # each has a pair that was never met
    words = {word for pair in seen for word in " ".join(pair).split()}
    assert words == set(WORDS[3:])
    assert held_out["person"] == held_out["idiom"] == []
    assert [len(held_out[kind]) for kind in ("thing", "description", "action")] == [96, 3648, 3072]


def test_seeds_decide():
    assert split(1) == split(1) and split(1) != split(2)


def test_shares_of_the_kinds():
    train, held_out = split(0)
    kind_of = {pair: kind for kind, found in train.items() for pair in found}
    chosen = draw(train, 20_000, np.random.default_rng(0))
    counts = dict.fromkeys(train, 0)
    for pair in chosen:
        counts[kind_of[pair]] += 1
    for kind, share in phrases.SHARES.items():  # within five standard deviations
        assert abs(counts[kind] - 20_000 * share) < 5 * (20_000 * share * (1 - share)) ** 0.5, kind
    assert {pair for pair in chosen if kind_of[pair] == "idiom"} == set(train["idiom"])
    assert set(draw(held_out, 100, np.random.default_rng(0))) <= set(
        held_out["thing"] + held_out["description"] + held_out["action"]
    )
    assert draw(train, 5, np.random.default_rng(3)) == draw(train, 5, np.random.default_rng(3))


def test_ids_and_back(all_pairs):
    for text in (text for pair in all_pairs[::97] for text in pair):
        assert decode(encode(text)) == text
    assert encode("You are WELCOME") == encode("you are welcome")
    with pytest.raises(ValueError, match="encode: 'cat' is not one of the 192 words"):
        encode("the cat")


def test_batches(all_pairs):
    chosen = all_pairs[::1013]
    source, target = batch(chosen)
    pad, start, end = (WORDS.index(word) for word in (PAD, START, END))
    assert (pad, start, end) == (0, 1, 2)
    for (english, spanish), row, says in zip(chosen, source.tolist(), target.tolist(), strict=True):
        n, m = len(english.split()), len(spanish.split())
        assert row == encode(english) + [pad] * (len(row) - n)
        assert says == [start, *encode(spanish), end] + [pad] * (len(says) - m - 2)
        assert decode(says) == spanish and decode(row) == english
    assert (source != pad).sum(axis=1).max() == source.shape[1]
