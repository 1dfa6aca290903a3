"""A small language whose rules are known, so that the best loss a model can reach on it can be computed.

A grammar is a dict of rules. It writes an endless stream of sentences, each followed by <end>, every sentence
drawn afresh. `ENGLISH` has what attention exists for: a word that sets the sense of "bank" and decides
another much later, verbs that agree with a subject far away, names that come back, brackets that must close.

Nothing is estimated from samples. After any tokens the grammar holds the exact probability of each state it
may be in (a hidden Markov model; Rabiner 1989, §III), and everything else follows. Entropies are in nats.
"""

import math
from functools import cached_property
from itertools import islice, permutations
from pathlib import Path

import numpy as np

from course_lib.tokenization import END, BytePairTokenizer

__all__ = ["END", "ENGLISH", "Grammar", "TextFile"]


class Grammar:
    """Sentences from rules: name → alternatives between |, each with its weight in front (1 unless given).

    What is not the name of a rule is a word. An alternative may be empty, then the weight stands alone.
    V, words (id → word) and ids (word → id); <end> is id 0, the others follow the alphabet.
    Raises ValueError for a rule that leads back to itself, an alternative without a chance, no start rule.

    >>> grammar = Grammar({"S": "the ANIMAL SLEEPS", "ANIMAL": "3 dog | cat", "SLEEPS": "sleeps | 2"})
    >>> grammar.words
    ['<end>', 'cat', 'dog', 'sleeps', 'the']
    >>> grammar.accepts("the dog sleeps"), grammar.accepts("the dog cat")
    (True, False)
    """

    def __init__(self, rules, start="S"):
        if start not in rules:
            raise ValueError(f"Grammar: there is no rule {start!r} to start from")
        self.rules = {name: _alternatives(name, text) for name, text in rules.items()}
        _refuse_loops(self.rules)
        for name, choices in self.rules.items():
            if any(END in sequence for _, sequence in choices):
                raise ValueError(f"Grammar: rule {name!r} spells {END}, which the grammar itself writes")
        symbols = {s for choices in self.rules.values() for _, sequence in choices for s in sequence}
        self.words = [END, *sorted(symbols - set(rules))]
        self.ids = {word: id for id, word in enumerate(self.words)}
        self.V = len(self.words)
        # A state is what is still to be written: a tuple of words and rules. () is the end of the sentence.
        self._states = {(start,): 0}  # state → its number
        self._edges = []  # for each state: (probability, token, number of the next state)
        waiting = [(start,)]
        for state in waiting:
            self._edges.append([])
            for p, word, rest in self._written(state):
                if rest not in self._states:
                    self._states[rest] = len(self._states)
                    waiting.append(rest)
                self._edges[-1].append((p, self.ids[word], self._states[rest]))
        # Beliefs, numbered: which states are possible after the tokens so far, and how probable each is.
        self._beliefs, self._numbers, self._after = [], {}, {}
        self._fresh = self._number_of({0: 1.0})  # a sentence begins
        self._blind = self._number_of(self._stationary())  # nothing seen: anywhere in the stream

    def _written(self, state):
        """Every (probability, next word, what remains after it) of a state."""
        if not state:
            yield 1.0, END, next(iter(self._states))  # and a new sentence begins
        elif state[0] in self.rules:
            for p, sequence in self.rules[state[0]]:
                for q, word, rest in self._written(sequence + state[1:]):
                    yield p * q, word, rest
        else:
            yield 1.0, state[0], state[1:]

    def encode(self, text):
        """Token ids (T,) of words separated by spaces, <end> among them.

        Raises ValueError for a word that the grammar does not have.

        >>> Grammar({"S": "a b"}).encode("<end> a b <end>")
        [0, 1, 2, 0]
        """
        unknown = [word for word in text.split() if word not in self.ids]
        if unknown:
            raise ValueError(f"Grammar: {unknown[0]!r} is not one of its {self.V} words")
        return [self.ids[word] for word in text.split()]

    def decode(self, ids):
        """The words of the ids (T,), separated by spaces.

        >>> Grammar({"S": "a b"}).decode([1, 2, 0])
        'a b <end>'
        """
        return " ".join(self.words[id] for id in ids)

    def stream(self, tokens, seed):
        """A text of so many tokens, (T,), from a sentence's beginning; the last sentence may be cut.

        >>> Grammar({"S": "a b"}).stream(5, seed=0)
        array([1, 2, 0, 1, 2])
        """
        lots, parts, length = self._lots(seed), [], 0
        while length < tokens:
            parts.append(next(lots))
            length += len(parts[-1])
        return np.concatenate(parts or [np.zeros(0, int)])[:tokens]

    def sentences(self, count, seed):
        """So many sentences, a list of texts without <end>: those that `stream` with this seed begins with.

        >>> Grammar({"S": "a b | 0.5 c"}).sentences(3, seed=0)
        ['a b', 'a b', 'a b']
        """
        found, lots = [], self._lots(seed)
        while len(found) < count:
            found += [sentence.strip() for sentence in self.decode(next(lots)).split(END)[:-1]]
        return found[:count]

    def _lots(self, seed, n=4096):
        """Endless arrays of n whole sentences, each drawn one word at a time, all n side by side."""
        rng = np.random.default_rng(seed)
        upper = np.concatenate([s + np.cumsum([p for p, _, _ in e]) for s, e in enumerate(self._edges)])
        last = np.cumsum([len(edges) for edges in self._edges]) - 1  # each state's last edge
        upper[last] = np.arange(1, len(last) + 1)  # state s owns the numbers from s to s + 1
        token, target = np.array([edge[1:] for edges in self._edges for edge in edges]).T
        while True:
            state, running, columns = np.zeros(n, int), np.ones(n, bool), []
            while running.any():
                edge = np.searchsorted(upper, state + rng.random(n), side="right")  # (n,)
                columns.append(np.where(running, token[edge], -1))
                running, state = running & (token[edge] != 0), target[edge]
            rows = np.stack(columns, axis=1)  # (n, longest), -1 after <end>
            yield rows[rows >= 0]

    def accepts(self, sentence):
        """Whether the grammar can write this sentence, all of it: a text without <end>, or ids.

        >>> Grammar({"S": "a b | c"}).accepts("c a")
        False
        """
        try:
            ids = self.encode(sentence) if isinstance(sentence, str) else list(sentence)
        except ValueError:  # a word it does not have
            return False
        return 0 not in ids and bool(np.isfinite(self.log_probabilities([0, *ids, 0])).all())

    def next_token(self, prefix=END):
        """The exact distribution (V,) of what follows the prefix, a text or ids; of it nothing else is known.

        Start it with <end> when it begins a sentence. Raises ValueError for a prefix that cannot be.

        >>> Grammar({"S": "3 a b | c"}).next_token("<end>")
        array([0.  , 0.75, 0.  , 0.25])
        """
        ids = self.encode(prefix) if isinstance(prefix, str) else prefix
        belief, p = self._blind, np.zeros(self.V)
        for t, id in enumerate(ids):
            if id not in self._follow(belief):
                raise ValueError(
                    f"Grammar: {self.decode(ids[: t + 1])!r} cannot stand in a text of this grammar"
                )
            belief = self._follow(belief)[id][1]
        for token, (probability, _) in self._follow(belief).items():
            p[token] = probability
        return p

    def log_probabilities(self, ids, k=None):
        """ln p of each token given those to its left in the row, or the last k of them: ids (..., T) → (..., T).

        Minus their mean is the loss of a model that knows the grammar: what yours is to be measured against.
        −inf where a token is impossible, and to the right of it.

        >>> Grammar({"S": "3 a b | c"}).log_probabilities([0, 1, 2, 0, 3])[1:].round(3)
        array([-0.288,  0.   ,  0.   , -1.386])
        """
        ids = np.asarray(ids)
        logs = np.full(ids.shape, -np.inf)
        for row, out in zip(ids.reshape(-1, ids.shape[-1]).tolist(), logs.reshape(-1, ids.shape[-1])):
            belief = self._blind
            for t, id in enumerate(row):
                if k is not None:
                    belief = self._blind
                    for earlier in row[max(0, t - k) : t]:
                        belief = self._follow(belief)[earlier][1]
                if id not in self._follow(belief):
                    break
                p, belief = self._follow(belief)[id]
                out[t] = math.log(p)
        return logs

    @cached_property
    def longest(self):
        """Tokens in the longest sentence, <end> included."""
        return sum(1 for _ in self._levels({self._fresh: 1.0}, once=True))

    @cached_property
    def tokens_per_sentence(self):
        """Mean number of tokens in a sentence, <end> included."""
        return sum(sum(level.values()) for level in self._levels({self._fresh: 1.0}, once=True))

    @cached_property
    def sentence_entropy(self):
        """Entropy of a sentence, in nats."""
        levels = self._levels({self._fresh: 1.0}, once=True)
        return sum(mass * self._entropy(belief) for level in levels for belief, mass in level.items())

    @property
    def entropy(self):
        """Entropy of the stream per token, in nats: what a model that sees all the text so far cannot beat.

        >>> Grammar({"S": "a b | c"}).entropy == math.log(2) / 2.5
        True
        """
        return self.sentence_entropy / self.tokens_per_sentence

    def floors(self, k):
        """The best mean loss with the last 0, 1, … k tokens, (k + 1,): nothing, bigrams, trigrams, in nats.

        >>> Grammar({"S": "a b | c"}).floors(2).round(3)
        array([1.332, 0.277, 0.277])
        """
        levels = islice(self._levels({self._blind: 1.0}), k + 1)
        return np.array([sum(m * self._entropy(belief) for belief, m in level.items()) for level in levels])

    def window_floor(self, C):
        """The best mean loss over windows of C tokens cut out anywhere: its t-th guess sees t tokens.

        >>> grammar = Grammar({"S": "a b | c"})
        >>> float(grammar.window_floor(2) - grammar.floors(2)[1:].mean())
        0.0
        """
        return float(self.floors(C)[1:].mean())

    def _stationary(self):
        """How often each state is visited while a sentence is written, its end included."""
        visits, mass = {}, {0: 1.0}
        while mass:
            moved = {}
            for state, m in mass.items():
                visits[state] = visits.get(state, 0) + m
                for p, token, target in self._edges[state]:
                    if token != 0:
                        moved[target] = moved.get(target, 0) + m * p
            mass = moved
        return visits

    def _number_of(self, belief):
        """The number of a belief {state: mass}, scaled to sum 1; equal ones share a number."""
        total = sum(belief.values())
        belief = {state: belief[state] / total for state in sorted(belief)}
        key = tuple((state, round(p, 13)) for state, p in belief.items())
        if key not in self._numbers:
            self._numbers[key] = len(self._beliefs)
            self._beliefs.append(belief)
        return self._numbers[key]

    def _follow(self, number):
        """token → (its probability, number of the belief after it), for each token that may come next."""
        if number not in self._after:
            moved = {}  # token → {state: probability}
            for state, m in self._beliefs[number].items():
                for p, token, target in self._edges[state]:
                    states = moved.setdefault(token, {})
                    states[target] = states.get(target, 0) + m * p
            self._after[number] = {
                token: (sum(states.values()), self._number_of(states)) for token, states in moved.items()
            }
        return self._after[number]

    def _entropy(self, number):
        return -sum(p * math.log(p) for p, _ in self._follow(number).values())

    def _levels(self, level, once=False):
        """{belief: mass} after 0, 1, 2 … more tokens; with `once` no further than <end>."""
        while level:
            yield level
            moved = {}
            for belief, mass in level.items():
                for token, (p, after) in self._follow(belief).items():
                    if not (once and token == 0):
                        moved[after] = moved.get(after, 0) + mass * p
            level = moved


class TextFile:
    """A text of your own, any UTF-8, in tokens of byte-pair encoding.

    `tokens` (T,) are there to train on, `held_out` is the last tenth of the text. The tokenizer learns from the part to train on. V is smaller than asked for when that has few pairs.
    Raises OSError when the file cannot be opened, ValueError when it is not UTF-8 or has no text.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "mine.txt")
    >>> _ = path.write_text("de nada " * 50, encoding="utf-8")
    >>> text = TextFile(path, vocabulary_size=260)
    >>> text.decode(text.held_out)
    'de nada de nada de nada de nada de nada '
    """

    def __init__(self, path, vocabulary_size=512):
        path = Path(path)
        try:
            text = path.read_bytes().decode("utf-8-sig")  # a byte order mark is no text
        except OSError as error:
            raise OSError(f"{path} cannot be opened: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path} is not UTF-8: byte {error.object[error.start]:#04x} at place {error.start}; "
                "save it as UTF-8"
            ) from error
        if not text.strip():
            raise ValueError(f"{path} has no text in it")
        cut = len(text) - len(text) // 10
        self.tokenizer = BytePairTokenizer.train(text[:cut], vocabulary_size)
        self.V = self.tokenizer.vocabulary_size
        self.encode, self.decode = self.tokenizer.encode, self.tokenizer.decode
        self.tokens = np.array(self.encode(text[:cut]))  # (T,)
        self.held_out = np.array(self.encode(text[cut:]), int)


def _alternatives(name, text):
    """A rule's text as [(probability, (symbol, …)), …].

    >>> _alternatives("ANIMAL", "3 the dog | 1")
    [(0.75, ('the', 'dog')), (0.25, ())]
    """
    choices = []
    for alternative in text.split("|"):
        first, *rest = alternative.split() or [""]
        try:
            choices.append((float(first), tuple(rest)))
        except ValueError:
            choices.append((1.0, (first, *rest) if first else ()))
    total = sum(weight for weight, _ in choices)
    if not all(0 < weight < math.inf for weight, _ in choices):
        raise ValueError(f"Grammar: the weights in rule {name!r} must be above 0 and finite")
    return [(weight / total, sequence) for weight, sequence in choices]


def _refuse_loops(rules):
    """Raise ValueError when a rule can lead back to itself; without, there are finitely many sentences."""

    def visit(name, path):
        if name in path:
            raise ValueError(f"Grammar: rule {name!r} leads back to itself: {' → '.join([*path, name])}")
        if name in done:
            return
        for _, sequence in rules[name]:
            for symbol in sequence:
                if symbol in rules:
                    visit(symbol, [*path, name])
        done.add(name)

    done = set()
    for name in rules:
        visit(name, [])


def _english():
    names = ["Anna", "Ben", "Clara", "David", "Nora", "Omar"]
    foods = ["bread", "cheese", "rice", "soup", "cake"]
    rules = {
        "S": "5 CROSSING . | 4 CLAUSE . | 4 SPEECH | 5 FAVOUR . | 2 QUESTION",
        "NAME": " | ".join(names),
        "FOOD": " | ".join(foods),
        "ANIMAL_ONE": "dog | cat | horse | duck | goat",
        "ANIMAL_MANY": "dogs | cats | horses | ducks | goats",
        "PLACE": "farm | garden | market | school | village",
        "WATER": "river | waves | reeds | boats | sand",
        "MONEY": "money | cash | coins | loan | cheque",
        "FEELS": "hungry | tired | happy | asleep",
        "LOOKS": "2 | old | small | brown",
        "HOW": "slowly | quickly",
        "WHEN": "3 | yesterday | at noon | before lunch",
        # The sense of "bank" is set by the verb before it and decides the last noun; all between serves both.
        "CROSSING": "CROSSING_WATER | CROSSING_MONEY",
        "CROSSING_WATER": "NAME BY_WATER TO_THE_BANK WATER",
        "CROSSING_MONEY": "NAME BY_LAND TO_THE_BANK MONEY",
        "BY_WATER": "swam | rowed | sailed | paddled",
        "BY_LAND": "walked | drove | ran | cycled",
        "TO_THE_BANK": "HOW across to the WHICH bank WHEN and NOTICED the",
        "WHICH": "old | quiet | other",
        "NOTICED": "looked at | asked about | thought about | talked about",
        # Verbs agree with the animals they belong to, not with the ones that stand nearer.
        "CLAUSE": "3 CLAUSE_ONE | 3 CLAUSE_MANY | 2 NAME EVENT WHEN",
        "CLAUSE_ONE": "THE_ONE is FEELS | THE_ONE was FEELS | THE_ONE eats the FOOD",
        "CLAUSE_MANY": "THE_MANY are FEELS | THE_MANY were FEELS | THE_MANY eat the FOOD",
        "THE_ONE": "the LOOKS ANIMAL_ONE WHERE",
        "THE_MANY": "the LOOKS ANIMAL_MANY WHERE",
        "WHERE": "2 | 2 PLACED | ( PLACED )",
        "PLACED": "from the PLACE | near the BESIDE | from the PLACE near the BESIDE",
        "BESIDE": "ANIMAL_ONE | ANIMAL_MANY",
        "EVENT": "counted the MONEY | saved the MONEY | watched the WATER | painted the WATER"
        " | BY_LAND to the PLACE | BY_WATER past the PLACE",
        # What was opened is closed, and a question that began as one ends as one.
        "SPEECH": "3 NAME SAID “ CLAUSE ” . | 1 NAME asked “ QUESTION ” .",
        "SAID": "said | whispered | shouted",
        "QUESTION": "is THE_ONE FEELS ? | are THE_MANY FEELS ?",
        # Two names and a food come back.
        "FAVOUR": " | ".join(f"{a} asked {b} for some FAVOUR_{a}_{b}" for a, b in permutations(names, 2)),
    }
    for a, b in permutations(names, 2):
        rules[f"FAVOUR_{a}_{b}"] = " | ".join(f"{food} , so {b} gave {a} the {food}" for food in foods)
    return rules


ENGLISH = _english()
