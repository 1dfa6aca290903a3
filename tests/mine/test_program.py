"""The learner's file as a program. Its functions are held to the library in test_one_page."""

import subprocess
import sys

import numpy as np
import pytest

from course_lib import one_page
from course_lib.data.gpt2 import read_tokenizer
from course_lib.exercises.catalogue import EXERCISES
from course_lib.in_numpy.checkpoints import load_gpt2
from course_lib.mine import program
from course_lib.mine.file import LESSON_OF, PAGE, parts, put
from tests.data.test_gpt2 import ours, source  # noqa: F401 - two fixtures: a GPT-2 in small

SPACE = vars(one_page)


def test_the_course_s_own_page_trains_to_the_floor_and_writes(capsys):
    _, loss = program.train_and_write(SPACE, steps=300)
    assert loss < program.Grammar(program.ENGLISH).window_floor(program.C) + 0.2
    text = capsys.readouterr().out
    assert f"{loss:.3f} nats a word" in text and text.count("at temperature") == 4


def test_gpt2_s_weights_in_the_file_s_own_code(source, capsys):  # noqa: F811
    model, tokenizer = load_gpt2(source), read_tokenizer(source)
    rng = np.random.default_rng(1)
    written = model.generate(tokenizer.encode("We swam"), 6, temperature=0.8, rng=rng)
    text = program.continue_text(SPACE, source, "We swam", 6, seed=1)
    assert text == tokenizer.decode(written)
    program.main(SPACE, ["--gpt2", str(source), "--prompt", "We swam", "--tokens", "3"])
    assert capsys.readouterr().out.startswith("We swam")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--steps", "30"], "30 steps are too few"),
        (["--gpt2", "nowhere"], "nowhere"),
        (["--gpt2", "{source}", "--prompt", ""], "the prompt is empty"),
        (["--gpt2", "{source}", "--tokens", "-1"], "tokens"),
    ],
)
def test_bad_options_end_in_one_sentence(source, arguments, says, capsys):  # noqa: F811
    with pytest.raises(SystemExit) as end:
        program.main(SPACE, [one.format(source=source) for one in arguments])
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


def test_ctrl_c_ends_it_in_one_word(monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "train_and_write", stop)
    with pytest.raises(SystemExit) as end:
        program.main(SPACE, [])
    assert end.value.code == 130 and capsys.readouterr().err == "\nstopped\n"


def test_every_exercise_is_a_part_of_the_page():
    assert set(EXERCISES) <= set(LESSON_OF)
    assert all(exercise.lesson == LESSON_OF[name] for name, exercise in EXERCISES.items())


def test_a_file_of_one_s_own_continues_a_sentence_with_gpt2_s_weights(source, tmp_path, monkeypatch):  # noqa: F811
    """As a program of its own, with every piece its own, and with three of them."""
    own = {name: code for name, code in parts(PAGE).items() if name in LESSON_OF}
    written = program.continue_text(SPACE, source, "We swam", 5)
    for pieces in (own, {name: own[name] for name in ("gpt", "next_token", "softmax")}):
        text = ""
        for name, code in pieces.items():
            text = put(text, name, code)
        file = tmp_path / "my_gpt.py"
        file.write_text(text, encoding="utf-8")
        command = [sys.executable, file, "--gpt2", source, "--prompt", "We swam", "--tokens", "5"]
        run = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path, check=False)
        assert run.stderr == "" and run.stdout.endswith(f"{written}\n")
        assert run.stdout.startswith(
            f"{len(set(pieces) & set(EXERCISES))} of {len(EXERCISES)} pieces are yours"
        ) == (pieces is not own)
