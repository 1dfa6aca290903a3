"""A text written by a hidden Markov model: drawn, and judged, with the exact probability of every token.

After any tokens the model holds the probability of each state it may be in (Rabiner 1989, §III), and everything
else follows: nothing is estimated from samples. Entropies are in nats.
"""

import math
from functools import cached_property
from itertools import islice

import numpy as np

__all__ = ["HiddenMarkovModel"]


class HiddenMarkovModel:
    """States that write tokens: `edges[state]` lists (probability, token, number of the next state).

    A sentence begins in state 0; token 0 ends it and leads back there. Edges of a state may share a token: then
    the text leaves open which state came next. Every sentence must end, so no other edge may lead back.

    >>> model = HiddenMarkovModel([[(0.75, 1, 1), (0.25, 2, 1)], [(1.0, 0, 0)]])  # 1 or 2, then the end
    >>> model.stream(6, seed=0)
    array([1, 0, 1, 0, 1, 0])
    """

    def __init__(self, edges):
        self._edges = edges
        # Beliefs, numbered: which states are possible after the tokens so far, and how probable each is.
        self._beliefs, self._numbers, self._after = [], {}, {}
        self._fresh = self._number_of({0: 1.0})  # a sentence begins
        self._blind = self._number_of(self._stationary())  # nothing seen: anywhere in the stream

    def stream(self, tokens, seed):
        """A text of so many tokens, (T,), from a sentence's beginning; the last sentence may be cut.

        >>> from course_lib.data.grammar import Grammar
        >>> Grammar({"S": "a b"}).stream(5, seed=0)
        array([1, 2, 0, 1, 2])
        """
        lots, parts, length = self._lots(seed), [], 0
        while length < tokens:
            parts.append(next(lots))
            length += len(parts[-1])
        return np.concatenate(parts or [np.zeros(0, int)])[:tokens]

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

    def log_probabilities(self, ids, k=None):
        """ln p of each token given those to its left in the row, or the last k of them: ids (..., T) → (..., T).

        Minus their mean is the loss of a model that knows the grammar: what yours is to be measured against.
        −inf where a token is impossible, and to the right of it.

        >>> from course_lib.data.grammar import Grammar
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

        >>> from course_lib.data.grammar import Grammar
        >>> Grammar({"S": "a b | c"}).entropy == math.log(2) / 2.5
        True
        """
        return self.sentence_entropy / self.tokens_per_sentence

    def floors(self, k):
        """The best mean loss with the last 0, 1, … k tokens, (k + 1,): nothing, bigrams, trigrams, in nats.

        >>> from course_lib.data.grammar import Grammar
        >>> Grammar({"S": "a b | c"}).floors(2).round(3)
        array([1.332, 0.277, 0.277])
        """
        levels = islice(self._levels({self._blind: 1.0}), k + 1)
        return np.array([sum(m * self._entropy(belief) for belief, m in level.items()) for level in levels])

    def window_floor(self, C):
        """The best mean loss over windows of C tokens cut out anywhere: its t-th guess sees t tokens.

        >>> from course_lib.data.grammar import Grammar
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
