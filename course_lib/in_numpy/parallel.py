"""Data parallelism: a batch is shared out, every thread works on its part, and the gradients are added.

Elementwise NumPy uses one core, whatever the machine has. Two models that share their parameters, each with half of
the batch in a thread of its own, use two. PyTorch's `DistributedDataParallel` does the same with processes and graphics
cards; NumPy lets go of Python's lock while it computes, so threads are enough here.
"""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from course_lib.in_numpy.gpt import add_gradients

__all__ = ["Parallel", "twin"]


def twin(model):
    """A model with the very same parameter arrays, and gradients and caches of its own.

    >>> from course_lib.in_numpy.modules import Linear
    >>> model = Linear(2, 3)
    >>> other = twin(model)
    >>> other.params["weight"] is model.params["weight"], other.grads["weight"] is model.grads["weight"]
    (True, False)
    """
    shared = {id(p): p for p in model.state_dict().values()}  # what deepcopy finds here it does not copy
    return copy.deepcopy(model, shared)


class Parallel:
    """A GPT and its twins: together they find the gradient of a batch, each in a thread of its own.

    threads  how many; meanwhile the libraries that multiply matrices are held to one thread each (by threadpoolctl).
    Raises ValueError when threads is below 1.

    >>> from course_lib.in_both.config import GPTConfig
    >>> from course_lib.in_numpy.gpt import GPT
    >>> model, ids = GPT(GPTConfig(V=5, C=8, D=4, H=2, L=1)), np.array([[1, 2, 3], [2, 3, 4], [4, 0, 1]])
    >>> loss = Parallel(model, threads=2).add_gradients(ids[:, :-1], ids[:, 1:])
    >>> bool(np.isclose(loss, add_gradients(model, ids[:, :-1], ids[:, 1:])))
    True
    """

    def __init__(self, model, threads=2):
        from threadpoolctl import ThreadpoolController

        if threads < 1:
            raise ValueError(f"Parallel: threads must be 1 or more, got {threads}")
        model.forget()
        self.models = [model, *(twin(model) for _ in range(threads - 1))]
        self.pool, self.libraries = ThreadPoolExecutor(threads), ThreadpoolController()

    def add_gradients(self, ids, targets, weight=1.0):
        """`gpt.add_gradients`, shared out. Sums are made in another order, so the last digits may differ.

        ids, targets (B, T); with B below the number of threads some have nothing to do.
        """
        ids, targets = np.asarray(ids), np.asarray(targets)
        n = min(len(self.models), len(ids))
        parts = zip(np.array_split(ids, n), np.array_split(targets, n), strict=True)
        with self.libraries.limit(limits=1, user_api="blas"):
            work = [
                self.pool.submit(add_gradients, model, *part, weight * len(part[0]) / len(ids))
                for model, part in zip(self.models, parts, strict=False)
            ]
            loss = sum(one.result() for one in work)  # waits for all, and raises what one of them raised
        gradients = self.models[0].gradients()
        for other in self.models[1:n]:
            for name, grad in other.gradients().items():
                gradients[name] += grad
                grad.fill(0)
        return loss
