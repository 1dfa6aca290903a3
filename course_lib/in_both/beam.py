"""The bookkeeping of a beam search: which beginnings are kept, and which of them have ended."""

__all__ = ["Beams"]


class Beams:
    """The `width` likeliest texts of a search, each (ids, log-probability), likeliest first.

    All that are running have one length. Raises ValueError when width < 1.

    >>> beams = Beams(start=1, end=2, width=2)
    >>> beams.keep([(0, 7, -0.5), (0, 2, -1.0)])     # after text 0: token 7, or the end
    >>> beams.running, beams.found
    ([([1, 7], -0.5)], [([1, 7], -0.5), ([1, 2], -1.0)])
    """

    def __init__(self, start, end, width):
        if width < 1:
            raise ValueError(f"beam_search: width must be 1 or more, got {width}")
        self.end, self.width = end, width
        self.ended, self.running = [], [([start], 0.0)]
        self.found = self.running  # both, likeliest first

    def keep(self, longer):
        """Put in place of the running texts the ones that are a token longer, and drop all but the likeliest.

        longer  (which running text, token, log-probability of the whole), likeliest first.
        """
        longer = [([*self.running[text][0], token], score) for text, token, score in longer]
        self.found = sorted(self.ended + longer, key=lambda beam: -beam[1])[: self.width]
        self.ended = [beam for beam in self.found if beam[0][-1] == self.end]
        self.running = [beam for beam in self.found if beam[0][-1] != self.end]
