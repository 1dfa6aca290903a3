"""Proofs of the ledger's verdicts: registries that the modules beside this file fill.

VALUES[id] computes the right value of a claim from first principles. OTHERWISE[id] holds arguments with which the same
function has another answer: a statement that could not have come out otherwise proves nothing. MISTAKES[id]
reproduces the wrong digits of an erratum by making the document's mistake on purpose. CAUSES[id] computes the
numbers that the claim's `because` states.
"""

import importlib
import pkgutil

from course_lib.documents import given

VALUES, OTHERWISE, MISTAKES, CAUSES = {}, {}, {}, {}


def value(*ids, otherwise=None):
    """Register a function as the right value of these claims.

    otherwise: dict of arguments for the same function, which has parameters with defaults; with these it must give
    another answer than without. Every claim that is decided by words or by true and false needs it.
    """

    def register(function):
        if otherwise is not None:
            _register(OTHERWISE, ids, otherwise)
        return _register(VALUES, ids, function)

    return register


def mistake(*ids):
    """Register a function that makes the same mistake as the document, for these errata."""
    return lambda function: _register(MISTAKES, ids, function)


def cause(*ids):
    """Register a function that returns the numbers which the `because` of these claims states, in any order."""
    return lambda function: _register(CAUSES, ids, function)


def _register(registry, ids, thing):
    for id in ids:
        if id in registry:
            raise ValueError(f"{id} is proven twice: {registry[id]} and {thing}")
        registry[id] = thing
    return thing


def load():
    """Import every module of proofs beside this file, which fills the registries."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)


__all__ = ["CAUSES", "MISTAKES", "OTHERWISE", "VALUES", "cause", "given", "load", "mistake", "value"]
