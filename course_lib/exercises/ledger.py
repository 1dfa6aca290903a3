"""The check for the exercise of lesson 14_the_documents_checked."""

from . import Wrong, exercise, to_array

CASES = [  # value, printed, whether they agree, what a wrong answer has overlooked
    (0.25, "0.25", True, "0.25 and '0.25' agree: compare numbers with numbers, or digits with digits"),
    (0.0705711243, "0.07057112", True, "the value has more digits than the document prints: round it to as many decimals"),
    (0.0705711243, "0.07057119", False, "the last printed digit differs: close is not equal"),
    (0.0705711186, "0.07057112", True, "the ninth decimal is 8 or more, so the eighth goes up: round, do not cut off"),
    (0.50004, "0.50000", False, "'0.50000' prints five decimals: zeros at the end count as well"),
    (0.50004, "0.5000", True, "'0.5000' prints four decimals, and to four decimals the value is 0.5000"),
    (-0.25, "0.25", False, "the sign differs"),
    (96.3, "96", True, "'96' prints no decimals: round to a whole number"),
    (1.3, "96", False, "'96' and 1.3 differ in size"),
    (0.00012344, "0.00012", True, "count decimals after the point, zeros included, not leading digits"),
]  # fmt: skip


@exercise
def check_agrees(agrees):
    """`agrees(value, printed)`: whether a number equals the text of a decimal number at every digit it shows."""
    for value, printed, right, overlooked in CASES:
        answer = to_array(agrees(value, printed))
        if answer.shape != () or answer.item() not in (True, False):
            raise Wrong(f"expected True or False, got {answer.tolist()}")
        if answer.item() != right:
            raise Wrong(f"agrees({value}, {printed!r}) should be {right}: {overlooked}")
