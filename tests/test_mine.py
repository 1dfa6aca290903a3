"""The learner's file as a program. Its functions are held to the library in test_one_page."""

import pytest

from course_lib import one_page
from course_lib.mine import program


def test_the_course_s_own_page_trains_to_the_floor_and_writes(capsys):
    _, loss = program.main(vars(one_page), steps=300)
    english = program.Grammar(program.ENGLISH)
    assert loss < english.window_floor(program.C) + 0.2
    text = capsys.readouterr().out
    assert f"{loss:.3f} nats a word" in text and text.count("at temperature") == 4


def test_too_few_steps_are_refused_at_once():
    with pytest.raises(ValueError, match="30 steps are too few"):
        program.main(vars(one_page), steps=30)
