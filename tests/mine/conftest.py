"""A notebook in small: IPython's own cells, three exercises, and a file to keep them in."""

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from course_lib import one_page
from course_lib.exercises.description import Case, Exercise
from course_lib.exercises.judge import check
from course_lib.mine import report


def exercise(name, *shape):
    """An exercise on one array, with the page's function as its reference."""
    return Exercise(
        name=name,
        lesson=4,
        text="",
        reference=getattr(one_page, name),
        cases=lambda rng: [Case((rng.normal(size=shape),))],
        draw=lambda rng: (rng.normal(size=shape),),
    )


EXERCISES = {name: exercise(name, 3, 5) for name in ("softmax", "gelu", "merge_heads")} | {
    "merge_heads": exercise("merge_heads", 2, 3, 5)
}
CHECKS = {f"check_{name}": check(one) for name, one in EXERCISES.items()}


class Notebook:
    """cell(code) runs a cell and returns what it printed."""

    def __init__(self, shell, path, capsys):
        self.shell, self.path, self.capsys = shell, path, capsys

    def cell(self, code):
        self.capsys.readouterr()
        result = self.shell.run_cell(code, store_history=True)
        result.raise_error()
        return self.capsys.readouterr().out

    @property
    def text(self):
        return self.path.read_text(encoding="utf-8")


@pytest.fixture
def path(tmp_path, monkeypatch):
    path = tmp_path / "my_gpt.py"
    monkeypatch.setenv("MY_GPT", str(path))
    monkeypatch.setattr(report, "EXERCISES", EXERCISES)
    report.forget()
    return path


@pytest.fixture
def notebook(path, capsys):
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor")
    shell.user_ns.update(CHECKS, np=np)
    shell.run_cell("from course_lib import mine", store_history=True)
    yield Notebook(shell, path, capsys)
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()
