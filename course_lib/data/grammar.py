"""A small language whose rules are known, so that the best loss a model can reach on it can be computed.

A grammar is a dict of rules. It writes an endless stream of sentences, each followed by <end>, every sentence
drawn afresh. Its rules become the states of a hidden Markov model, which has all probabilities and entropies.
"""

import math

import numpy as np

from course_lib.data.hidden_markov import HiddenMarkovModel
from course_lib.tokenization import END

__all__ = ["Grammar"]


class Grammar(HiddenMarkovModel):
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
        edges = []  # for each state: (probability, token, number of the next state)
        waiting = [(start,)]
        for state in waiting:
            edges.append([])
            for p, word, rest in self._written(state):
                if rest not in self._states:
                    self._states[rest] = len(self._states)
                    waiting.append(rest)
                edges[-1].append((p, self.ids[word], self._states[rest]))
        super().__init__(edges)

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

    def sentences(self, count, seed):
        """So many sentences, a list of texts without <end>: those that `stream` with this seed begins with.

        >>> Grammar({"S": "a b | 0.5 c"}).sentences(3, seed=0)
        ['a b', 'a b', 'a b']
        """
        found, lots = [], self._lots(seed)
        while len(found) < count:
            found += [sentence.strip() for sentence in self.decode(next(lots)).split(END)[:-1]]
        return found[:count]

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
