"""Proofs of the ledger's verdicts: two registries that the modules beside this file fill.

VALUES[id] computes the right value of a claim from first principles; MISTAKES[id] reproduces the
wrong digits of an erratum by making the document's mistake on purpose.
"""

from course_lib.documents import given

VALUES, MISTAKES = {}, {}


def value(*ids):
    """Register a function as the right value of these claims."""
    return lambda function: _register(VALUES, ids, function)


def mistake(*ids):
    """Register a function that makes the same mistake as the document, for these errata."""
    return lambda function: _register(MISTAKES, ids, function)


def _register(registry, ids, function):
    for id in ids:
        if id in registry:
            raise ValueError(f"{id} is proven twice: {registry[id].__name__} and {function.__name__}")
        registry[id] = function
    return function


__all__ = ["MISTAKES", "VALUES", "given", "mistake", "value"]
