"""Lessons as they are opened in the browser; what the browser makes of them is tried by tests/on_lite.py."""

import json

import pytest

from course_lib.lessons import NAMES
from tests.notebooks.lessons import lessons, source
from tools import lite


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_cells_that_need_torch_are_text_and_the_first_installs(path):
    before = json.loads(path.read_text(encoding="utf-8"))
    after = lite.for_the_browser(json.loads(path.read_text(encoding="utf-8")))
    assert [cell["id"] for cell in after["cells"]] == [cell["id"] for cell in before["cells"]]
    code = [cell for cell in after["cells"] if cell["cell_type"] == "code"]
    assert source(code[0]) == lite.INSTALL and all(
        "torch" not in cell["metadata"].get("tags", []) for cell in code
    )
    for old, new in zip(before["cells"], after["cells"], strict=True):
        if "torch" in old["metadata"].get("tags", []):
            assert "needs PyTorch" in source(new) and source(old) in source(new) and "outputs" not in new
        elif old["id"] != "colab":
            assert new == old


def test_the_contents_are_lessons_companions_and_drawings(tmp_path):
    lite.contents(tmp_path / "contents")
    names = {
        path.relative_to(tmp_path / "contents").as_posix() for path in (tmp_path / "contents").rglob("*.*")
    }
    assert {f"{name}.ipynb" for name in NAMES} < names and "drawings/head.svg" in names
    assert any(name.startswith("checked/") for name in names) and "my_gpt.py" not in names
