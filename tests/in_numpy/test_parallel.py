"""A batch shared out between threads has the gradients of the whole batch, and a run the same losses."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.gpt import GPT, add_gradients
from course_lib.in_numpy.parallel import Parallel, twin
from tests.helpers import randomize
from tests.in_numpy.test_train import run, tiny


def batch(B):
    text = np.random.default_rng(B).integers(7, size=(B, 7))
    return text[:, :-1], text[:, 1:]


def model():
    return randomize(GPT(GPTConfig(V=7, C=6, D=8, H=2, L=2), dtype=np.float64), np.random.default_rng(3))


@pytest.mark.parametrize(("B", "threads"), [(6, 2), (5, 2), (5, 3), (2, 3), (1, 2), (4, 1)])
def test_the_gradients_are_those_of_the_whole_batch(B, threads):
    one, several = model(), model()
    shared = Parallel(several, threads)
    for turn in range(2):  # the second adds to the first, as accumulation does
        expected = add_gradients(one, *batch(B), weight=0.25)
        assert shared.add_gradients(*batch(B), weight=0.25) == pytest.approx(expected, rel=1e-12), turn
        for name, grad in several.gradients().items():
            np.testing.assert_allclose(grad, one.gradients()[name], rtol=1e-9, atol=1e-14, err_msg=name)


def test_every_thread_has_a_model_of_its_own():
    seen, first = set(), model()
    shared = Parallel(first, 3)
    assert len({id(one.wte.grads["weight"]) for one in shared.models}) == 3
    assert len({id(one.wte.params["weight"]) for one in shared.models}) == 1
    together = threading.Barrier(3, timeout=60)
    for one in shared.models:
        forward = one.forward

        def noted(ids, forward=forward):
            together.wait()  # nobody comes through before all three threads have come
            seen.add((threading.get_ident(), len(ids)))
            return forward(ids)

        one.forward = noted
    shared.add_gradients(*batch(5))
    assert sorted(rows for _, rows in seen) == [1, 2, 2] and len({thread for thread, _ in seen}) == 3


def test_a_step_moves_all_twins_and_leaves_the_libraries_as_they_were():
    first = model()
    other = twin(first)
    first.h[0].mlp.c_fc.params["weight"] += 1
    np.testing.assert_array_equal(other(batch(2)[0]), first(batch(2)[0]))
    before = threadpool_info()
    Parallel(first, 2).add_gradients(*batch(4))
    assert threadpool_info() == before


def test_a_mistake_in_one_thread_is_raised():
    ids, targets = batch(4)
    with pytest.raises(ValueError, match="target"):
        Parallel(model(), 2).add_gradients(ids, np.where(np.arange(4)[:, None] == 3, 99, targets))
    with pytest.raises(ValueError, match="threads must be 1 or more"):
        Parallel(model(), 0)


def test_a_run_has_the_same_losses():
    (one, expected), (several, history) = run(tiny(np.float64)), run(tiny(np.float64), threads=2)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-9)
    for name, p in several.state_dict().items():
        np.testing.assert_allclose(p, one.state_dict()[name], rtol=1e-6, atol=1e-9, err_msg=name)
