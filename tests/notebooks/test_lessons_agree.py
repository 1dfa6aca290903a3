"""What several lessons say about one thing is the same, and it is what the library's own sizes give.

Each fact is a pattern whose group is the number in the text, the lessons that must tell it, and the number computed here.
"""

import json
import re

import pytest

from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_both.config import GPTConfig
from course_lib.in_numpy.gpt import GPT, parameter_count
from course_lib.in_numpy.multi_head import MultiHeadAttention
from tests.notebooks.lessons import lessons, source


def pairs_outweigh(weights, D=32):
    """The length of a text, in widths D, from which the pairs take more multiplications than the matrices.

    `weights`: how many numbers the matrices hold. A token goes once through each: T · weights = 2 T² D.
    """
    return round(weights / (2 * D) / D)


def matrices(model):
    """How many numbers stand in the matrices of a model: biases, norms and tables of embeddings are none."""
    named = model.state_dict().items()
    return sum(p.size for name, p in named if p.ndim == 2 and not name.startswith(("wte", "wpe")))


BLOCK = GPT(GPTConfig(V=7, C=5, D=32, H=4, L=1))
FACTS = {
    "layer": (
        r"longer than \$(\d)D\$ before the pairs outweigh",
        {"05"},
        pairs_outweigh(matrices(MultiHeadAttention(32, 4))),
    ),
    "block": (
        r"longer than \$(\d)D\$, as \[lesson\s11\]|at \$T = (\d)D\$",
        {"05", "11"},
        pairs_outweigh(matrices(BLOCK)),
    ),
    "GPT-2 small": (
        r"GPT-2(?: small)? has (\d+) million|lets (\d+) million parameters",
        {"09", "11"},
        round(parameter_count(GPTConfig()) / 1e6),
    ),
    "entropy": (
        r"(0\.\d{3}), the entropy|the entropy of what comes next, since that is open: (0\.\d{3})",
        {"10", "12"},
        round(Grammar(ENGLISH).entropy, 3),
    ),
}


@pytest.mark.parametrize("fact", FACTS)
def test_a_number_that_several_lessons_tell_is_the_computed_one(fact):
    pattern, told, value = FACTS[fact]
    for path in lessons():
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")
        found = {float(next(filter(None, match.groups()))) for match in re.finditer(pattern, text)}
        assert found <= {value} and (found or path.stem[:2] not in told), (
            f"{path.stem} says {found}, not {value}"
        )


def test_another_network_moves_the_place():
    """The block's 6 comes from its network: with one as narrow as the model it is another."""
    assert pairs_outweigh(4 * 32**2) == 2
    assert pairs_outweigh(4 * 32**2 + 2 * 32**2) == 3
