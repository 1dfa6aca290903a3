"""English phrases and their Spanish: a small bilingual grammar in which every English sentence has one translation.

It has what makes translation more than a dictionary. An article, an adjective and a verb agree with a noun; the
adjective stands after it; "is" becomes "es" or "está" by the adjective that follows; "I do not see" is "no veo",
four words for two; and idioms cannot be put together from their words: "you are strong" is "eres fuerte", but
"you are welcome" is "de nada". All of it is written here and enumerated, nothing is sampled.
"""

from itertools import product

import numpy as np

__all__ = ["END", "PAD", "START", "WORDS", "batch", "decode", "draw", "encode", "pairs", "split"]

PAD, START, END = "<pad>", "<start>", "<end>"

# English → Spanish in four forms: masculine and feminine singular, masculine and feminine plural.
SINGULAR = {"the": "el la", "a": "un una", "this": "este esta", "my": "mi mi"}
PLURAL = {"the": "los las", "these": "estos estas", "my": "mis mis", "many": "muchos muchas"}
MASCULINE = {
    "book": "libro libros", "car": "coche coches", "hat": "sombrero sombreros", "plate": "plato platos",
    "garden": "jardín jardines", "shoe": "zapato zapatos",
}  # fmt: skip
FEMININE = {
    "house": "casa casas", "table": "mesa mesas", "chair": "silla sillas", "door": "puerta puertas",
    "key": "llave llaves", "flower": "flor flores",
}  # fmt: skip
# What a thing is like takes "ser", the state it is in takes "estar".
QUALITIES = {
    "red": "rojo roja rojos rojas", "white": "blanco blanca blancos blancas", "old": "viejo vieja viejos viejas",
    "small": "pequeño pequeña pequeños pequeñas", "green": "verde verde verdes verdes",
    "blue": "azul azul azules azules", "big": "grande grande grandes grandes",
}  # fmt: skip
STATES = {
    "clean": "limpio limpia limpios limpias", "dirty": "sucio sucia sucios sucias",
    "wet": "mojado mojada mojados mojadas",
}  # fmt: skip
# Spanish verbs carry the pronoun: four forms, for I, you, we, they.
PRONOUNS = {"i": "am", "you": "are", "we": "are", "they": "are"}
VERBS = {
    "see": "veo ves vemos ven", "have": "tengo tienes tenemos tienen", "want": "quiero quieres queremos quieren",
    "buy": "compro compras compramos compran",
}  # fmt: skip
SER, ESTAR, TENER = "soy eres somos son", "estoy estás estamos están", VERBS["have"]
PEOPLE = {  # of one person, of several; one is hungry in English and has hunger in Spanish
    "happy": (SER, "feliz felices"), "strong": (SER, "fuerte fuertes"), "young": (SER, "joven jóvenes"),
    "sad": (ESTAR, "triste tristes"), "absent": (ESTAR, "ausente ausentes"),
    "hungry": (TENER, "hambre hambre"), "thirsty": (TENER, "sed sed"),
}  # fmt: skip
IDIOMS = {
    "you are welcome": "de nada", "thank you": "gracias", "good morning": "buenos días",
    "good night": "buenas noches", "see you tomorrow": "hasta mañana", "how are you": "qué tal",
}  # fmt: skip
# How often a kind is drawn: by their numbers alone, six idioms would drown in 50,000 sentences.
SHARES = {"thing": 0.2, "description": 0.3, "action": 0.3, "person": 0.15, "idiom": 0.05}


def pairs():
    """Every (English, Spanish) pair as a dict of lists: "thing", "description", "action", "person", "idiom".

    >>> pairs()["idiom"][0]
    ('you are welcome', 'de nada')
    >>> {kind: len(found) for kind, found in pairs().items()}
    {'thing': 1056, 'description': 19200, 'action': 33792, 'person': 56, 'idiom': 6}
    """
    things, descriptions, actions, people = [], [], [], []
    for english, spanish, form, own in _things():
        things.append((english, spanish))
        for (adjective, forms), no in product((QUALITIES | STATES).items(), (False, True)):
            if adjective != own:  # not "the red house is red"
                are = ("está están" if adjective in STATES else "es son").split()[form > 1]
                said = f"{english} {'is' if form < 2 else 'are'}{no * ' not'} {adjective}"
                descriptions.append((said, f"{spanish} {no * 'no '}{are} {forms.split()[form]}"))
        for (verb, forms), (who, pronoun), no in product(VERBS.items(), enumerate(PRONOUNS), (False, True)):
            said = f"{pronoun}{no * ' do not'} {verb} {english}"
            actions.append((said, f"{no * 'no '}{forms.split()[who]} {spanish}"))
    for (who, (pronoun, be)), no in product(enumerate(PRONOUNS.items()), (False, True)):
        for adjective, (verb, forms) in PEOPLE.items():
            what = forms.split()[pronoun in ("we", "they")]
            said = f"{pronoun} {be}{no * ' not'} {adjective}"
            people.append((said, f"{no * 'no '}{verb.split()[who]} {what}"))
    return {
        "thing": things, "description": descriptions, "action": actions, "person": people,
        "idiom": list(IDIOMS.items()),
    }  # fmt: skip


def _things():
    """Every (English, Spanish, form 0 … 3, adjective or None): an article, a noun, with an adjective or without."""
    adjectives = {None: "", **QUALITIES, **STATES}
    for plural, articles in enumerate((SINGULAR, PLURAL)):
        for gender, nouns in enumerate((MASCULINE, FEMININE)):
            form = 2 * plural + gender
            for article, noun, adjective in product(articles, nouns, adjectives):
                english = [article, adjective, noun + plural * "s"]
                spanish = [articles[article].split()[gender], nouns[noun].split()[plural]]
                spanish += adjectives[adjective].split()[form : form + 1]
                yield " ".join(filter(None, english)), " ".join(spanish), form, adjective


def split(seed):
    """(train, held_out), two dicts like `pairs()`; in held_out nouns and adjectives meet that never do in train.

    For every noun one adjective is drawn, and each sentence that has both is held out, wherever in it they stand.
    All words are in train, and all people and idioms: too few for a pattern, they are learnt by heart.

    >>> train, held_out = split(seed=0)
    >>> {kind: (len(train[kind]), len(held_out[kind])) for kind in ("thing", "person", "idiom")}
    {'thing': (960, 96), 'person': (56, 0), 'idiom': (6, 0)}
    """
    rng, train, held_out = np.random.default_rng(seed), {}, {}
    apart = {noun: rng.choice([*QUALITIES, *STATES]) for noun in MASCULINE | FEMININE}
    for kind, found in pairs().items():
        shuffled = [found[i] for i in rng.permutation(len(found))]
        meet = [any(apart.get(word.removesuffix("s")) in words for word in words) for words in
                (english.split() for english, _ in shuffled)]  # fmt: skip
        train[kind] = [pair for pair, held in zip(shuffled, meet, strict=True) if not held]
        held_out[kind] = [pair for pair, held in zip(shuffled, meet, strict=True) if held]
    return train, held_out


def draw(found, count, rng):
    """So many pairs from a dict of lists like `pairs()`, the kind drawn first, by its share in `SHARES`.

    >>> draw({"idiom": [("thank you", "gracias")], "thing": []}, 2, np.random.default_rng(0))
    [('thank you', 'gracias'), ('thank you', 'gracias')]
    """
    kinds = [kind for kind in found if found[kind]]
    shares = np.array([SHARES[kind] for kind in kinds])
    chosen = rng.choice(kinds, size=count, p=shares / shares.sum())
    return [found[kind][rng.integers(len(found[kind]))] for kind in chosen]


_SPOKEN = {word for found in pairs().values() for pair in found for word in " ".join(pair).split()}
WORDS = [PAD, START, END, *sorted(_SPOKEN)]  # both languages share one vocabulary
_IDS = {word: id for id, word in enumerate(WORDS)}


def encode(text):
    """The ids of a text's words; capitals do not count. Raises ValueError for a word the phrases do not have.

    >>> decode(encode("You are welcome"))
    'you are welcome'
    """
    words = text.lower().split()
    unknown = [word for word in words if word not in _IDS]
    if unknown:
        raise ValueError(f"encode: {unknown[0]!r} is not one of the {len(WORDS)} words")
    return [_IDS[word] for word in words]


def decode(ids):
    """The text of the ids, up to the first <end> and without <start> and <pad>.

    >>> decode([1, *encode("de nada"), 2, 0])
    'de nada'
    """
    words = [WORDS[id] for id in ids]
    words = words[: words.index(END)] if END in words else words
    return " ".join(word for word in words if word not in (PAD, START))


def batch(chosen):
    """Rectangles of ids for (English, Spanish) pairs: source (B, S), target (B, T) from <start> to <end>.

    Short rows are filled with <pad>, id 0, at their ends.

    >>> source, target = batch([("thank you", "gracias"), ("you are welcome", "de nada")])
    >>> source.shape, [WORDS[id] for id in target[0]]
    ((2, 3), ['<start>', 'gracias', '<end>', '<pad>'])
    """
    sources = [encode(english) for english, _ in chosen]
    targets = [[_IDS[START], *encode(spanish), _IDS[END]] for _, spanish in chosen]
    return _rectangle(sources), _rectangle(targets)


def _rectangle(rows):
    filled = np.full((len(rows), max(map(len, rows))), _IDS[PAD])
    for row, ids in zip(filled, rows, strict=True):
        row[: len(ids)] = ids
    return filled
