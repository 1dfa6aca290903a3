"""The 2,000 most frequent surnames of the United States in 1990: for a model that invents others.

Source: the US Census Bureau's list of 1990, dist.all.last, a work of the US government and so in the public domain;
taken from the Python package `names` 0.3.0 by Trey Hunner, whose licence says so too. Cut: the rows of rank 1 to
2,000, in that order, of which the name is kept and the three numbers are not; SMITH is written Smith, and McDonald,
which the list writes MCDONALD, becomes Mcdonald.
"""

from course_lib.data import texts

__all__ = ["SURNAMES"]

SURNAMES = texts.load("surnames").split()  # the most frequent first; letters a to z, the first a capital
