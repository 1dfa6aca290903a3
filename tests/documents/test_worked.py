"""The worked example has the very numbers that the ledger says the whitepaper prints."""

import numpy as np
import pytest

from course_lib.data import worked
from course_lib.documents import claim, given
from tests.documents.worked import CLAIM_OF


@pytest.mark.parametrize("name", CLAIM_OF)
def test_it_is_what_the_document_prints(name):
    np.testing.assert_array_equal(getattr(worked, name), given(CLAIM_OF[name]), strict=True)


def test_every_number_has_its_claim_and_is_an_input():
    numbers = {name for name, value in vars(worked).items() if name.isupper() and not isinstance(value, list)}
    assert numbers == set(CLAIM_OF)
    verdicts = {name: claim(id).verdict for name, id in CLAIM_OF.items()}
    computed = {name for name, verdict in verdicts.items() if verdict != "given"}
    assert computed == {"X_PLACED", "Y_PLACED"}, "the sums that the whitepaper goes on with, rounded"
    np.testing.assert_allclose(worked.X_PLACED - worked.X, worked.Y_PLACED - worked.Y, rtol=0, atol=1e-12)


def test_nothing_can_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        worked.W_Q[0, 0] = 2
