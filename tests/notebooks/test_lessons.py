"""`make notebooks` writes a lesson the same way every time, and leaves it alone when a cell fails."""

import base64
import io
import json
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from PIL import Image

from tests.notebooks import lessons
from tests.notebooks.lessons import LessonError, execute, problems, without_notes

IMPORTS = """\
import io
import time
from IPython.display import Image
from matplotlib.figure import Figure"""

PRINTS = """\
for word in ["one", "two"]:
    print(word, flush=True)
    time.sleep(0.05)"""

PICTURE = """\
file = io.BytesIO()
picture = Figure()
picture.subplots().plot([1, 2])
picture.savefig(file, metadata={"Software": f"drawn at {time.time()}"})
display(Image(file.getvalue()))"""


def lesson(path, *sources):
    """Write a notebook of code cells named first, second, … with a mess of metadata; return the path."""
    names = ["first", "second", "third"]
    cells = [nbformat.v4.new_code_cell(text, id=name) for name, text in zip(names, sources, strict=False)]
    for cell in cells:
        cell.metadata = {"execution": {"iopub.status.busy": "12:00"}, "collapsed": True, "tags": ["kept"]}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {"state": {}}, "colab": {}})
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    return path


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_executing_twice_changes_nothing(tmp_path):
    path = lesson(tmp_path / "98_lesson.ipynb", IMPORTS, PRINTS, PICTURE)
    assert execute(path) is True
    first = path.read_bytes()
    assert execute(path) is False
    assert path.read_bytes() == first
    assert problems(path) == []
    assert [cell["id"] for cell in read(path)["cells"]] == ["first", "second", "third"]
    assert [cell["metadata"] for cell in read(path)["cells"]] == 3 * [{"tags": ["kept"]}]
    assert [path.name for path in tmp_path.iterdir()] == ["98_lesson.ipynb"]


def drawn(ground, dot):
    """A picture of two pixels, in base64."""
    file = io.BytesIO()
    picture = Image.new("RGB", (2, 1), ground)
    picture.putpixel((1, 0), dot)
    picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("tags", "text", "ground", "kept"),
    [
        (["measured"], "fast", "white", "old"),
        (["measured"], "slow", "white", "new"),
        (["measured"], "fast", "beige", "new"),  # the figures look otherwise now
        ([], "fast", "white", "new"),
    ],
)
def test_a_measured_picture_changes_only_with_the_text_beside_it(tags, text, ground, kept):
    def one_cell(picture, text):
        shown = nbformat.v4.new_output("display_data", {"image/png": picture, "text/plain": text})
        cell = nbformat.v4.new_code_cell("draw()", id="times", outputs=[shown], metadata={"tags": tags})
        return nbformat.v4.new_notebook(cells=[cell])

    pictures = {"old": drawn("white", (1, 2, 3)), "new": drawn(ground, (4, 5, 6))}
    notebook = one_cell(pictures["new"], text)
    lessons.keep_measured_pictures(notebook, stored=one_cell(pictures["old"], "fast"))
    assert notebook.cells[0].outputs[0].data == {"image/png": pictures[kept], "text/plain": text}


def test_what_an_editor_leaves_empty_in_a_text_cell_goes(tmp_path):
    cell = nbformat.v4.new_markdown_cell("Text.", attachments={})
    assert "attachments" not in lessons.normalise(nbformat.v4.new_notebook(cells=[cell])).cells[0]


def test_a_lesson_runs_in_its_own_folder(tmp_path):
    path = lesson(
        tmp_path / "98_lesson.ipynb", "from pathlib import Path", "sorted(map(str, Path().iterdir()))"
    )
    execute(path)
    assert read(path)["cells"][1]["outputs"][0]["data"]["text/plain"] == ["['98_lesson.ipynb']"]


def test_widgets_leave_nothing_behind(tmp_path):
    path = lesson(tmp_path / "98_lesson.ipynb", "import ipywidgets", "ipywidgets.IntSlider(3)")
    execute(path)
    notebook = read(path)
    assert lessons.WIDGET_VIEW not in path.read_text(encoding="utf-8")
    assert "widgets" not in notebook["metadata"]
    assert notebook["cells"][1]["outputs"][0]["data"]["text/plain"] == ["IntSlider(value=3)"]


def test_a_failing_cell_is_named_and_the_old_file_stays(tmp_path, capsys):
    path = lesson(tmp_path / "98_lesson.ipynb", "x = 1", "x / 0")
    before = path.read_bytes()
    with pytest.raises(
        LessonError, match=r"98_lesson.ipynb: cell 'second' failed with ZeroDivisionError: div"
    ):
        execute(path)
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["98_lesson.ipynb"]
    assert lessons.main([str(path)])  # the exit status
    assert "'second' failed with ZeroDivisionError" in capsys.readouterr().err


def test_a_slow_cell_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "TIMEOUT", 1)
    path = lesson(tmp_path / "98_lesson.ipynb", "import time", "time.sleep(30)")
    with pytest.raises(LessonError, match="cell 'second' did not finish"):
        execute(path)


def test_a_cell_without_id_is_refused_rather_than_given_one(tmp_path):
    path = lesson(tmp_path / "98_lesson.ipynb", "x = 1", "y = 2")
    notebook = read(path)
    del notebook["cells"][1]["id"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(LessonError, match="98_lesson.ipynb: cell 2 has no id"):
        execute(path)


def test_png_loses_its_notes_and_keeps_its_pixels():
    figure, file = Figure(figsize=(1, 1)), io.BytesIO()
    figure.savefig(file, metadata={"Software": "a program", "Creation Time": "noon"})
    bare = without_notes(file.getvalue())
    assert b"a program" in file.getvalue() and b"noon" in file.getvalue()
    assert b"a program" not in bare and b"noon" not in bare

    np.testing.assert_array_equal(imread(io.BytesIO(bare)), imread(io.BytesIO(file.getvalue())))
    assert without_notes(bare) == bare


def test_stored_outputs_are_compared_with_what_the_code_gives(tmp_path):
    path = lesson(tmp_path / "good.ipynb", IMPORTS, "2 + 2", PICTURE)
    execute(path)
    stored = path.read_text(encoding="utf-8")
    path.with_name("altered.ipynb").write_text(stored.replace('"4"', '"5"'), encoding="utf-8")
    notebook = json.loads(stored)
    notebook["cells"][1]["outputs"] = []
    path.with_name("stripped.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    # As `make test` calls it, in a pytest of its own.
    command = [sys.executable, "-m", "pytest", "-rf", "--nbval", "--nbval-cell-timeout=60", tmp_path]
    result = subprocess.run([*command, f"--rootdir={tmp_path}"], check=False, capture_output=True, text=True)
    assert "2 failed, 7 passed" in result.stdout, result.stdout + result.stderr
    assert re.search(r"/altered\.ipynb::Cell 1\b", result.stdout)  # a reason may follow
    assert re.search(r"/stripped\.ipynb::Cell 1\b", result.stdout)  # a reason may follow
