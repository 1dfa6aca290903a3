"""Lesson 01_tokenization with another text: the first thing that readers change is the text, and every cell still works."""

import ast
import json
import warnings

import pytest
from IPython.core.formatters import DisplayFormatter

from tests.notebooks.lessons import FOLDER

LESSON = json.loads((FOLDER / "01_tokenization.ipynb").read_text(encoding="utf-8"))
CODE = {cell["id"]: "".join(cell["source"]) for cell in LESSON["cells"] if cell["cell_type"] == "code"}
TEXTS = {
    "Spanish": "El niño que vivía en la montaña soñaba con un jardín. ¿Y tú?\n\n" * 40,
    "Spanish, one paragraph": "El niño que vivía en la montaña soñaba con un jardín. " * 40,
    "Chinese, without spaces": "你好，世界。我们从第一个词元开始，亲手建造一个模型。" * 20,
    "emoji": "I 👩‍👩‍👧 read 🙂🙂 and 🇪🇸 ❤️ write.\n\n" * 20,
    "curly quotes": "“I’m reading,” said the boy — “I’m counting pairs …”\n\n" * 20,
    "Arabic": "كان الولد يقرأ كتابا قديما.\n\n" * 10,
    "all of one word": "ñ",
    "a byte order mark and a tab": "\ufeffde\tnada \x00 $$\n\nde\r\nnada",
}


def run(changes):
    """Run the lesson's code cells with parts replaced, dict (cell, old) → new; the values that are displayed."""
    names, shown, display = {"__name__": "__main__"}, {}, DisplayFormatter()
    display.active_types = ["text/plain", "text/html", "image/png"]
    for id, source in CODE.items():
        for (cell, old), new in changes.items():
            if cell == id:
                assert source.count(old) == 1, f"{old!r} does not stand in {id}"
                source = source.replace(old, new)
        if not (statements := ast.parse(source).body):  # a cell for Colab may hold a comment alone
            continue
        *body, last = statements
        value = last.value if isinstance(last, ast.Expr) else None
        exec(compile(ast.Module([*body, *([] if value else [last])], []), id, "exec"), names)  # noqa: S102
        if value is not None:
            shown[id], _ = display.format(eval(compile(ast.Expression(value), id, "eval"), names))
    return shown


def of_ones_own(text):
    """The lesson's texts replaced by this one, or by the beginning of it where a sentence or a word is wanted."""
    sentence, word = text.strip()[:40], text.split()[0][:8]
    return {
        ("ids-code", '"the cat saw the dog"'): repr(sentence),
        ("story", 'texts.load("the_lowest_shelf")'): repr(text),
        ("encode-code", '"lowest"'): repr(word),
        ("bytes-code", '"nñ你🙂"'): repr(word),
        ("use-encode-code", '"Ñandú, 你好 🙂\\r\\n\\0 e\\u0301 and the end"'): repr(text),
        ("see-code", '"The slowest reader found the newest words"'): repr(sentence),
        ("steps", '" unkindest"'): repr(sentence),
        ("curve-code", '"No hay palabra que no se pueda escribir letra por letra."'): repr(sentence),
        ("curve-code", '"Spanish"'): repr(word),
        ("split-code", "\"I'll read 2000 words, you're welcome!\""): repr(sentence),
        ("special-bpe-both", '"a word<end>"'): repr(f"{sentence}<end>"),
    }


@pytest.mark.parametrize("name", TEXTS)
def test_every_cell_works_with_another_text(name, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as a character that is in no font
        shown = run(of_ones_own(TEXTS[name]))
    assert shown["round-trip"]["text/plain"].startswith("(True, ")
    for picture in ("see-code", "live-merges", "curve-figure"):
        assert shown[picture]["image/png"][:4] in (b"\x89PNG", "iVBO"), picture  # a widget gives base64
    printed = capsys.readouterr()
    assert printed.out and printed.err == "" and "\ufffd" not in printed.out


def test_a_part_of_a_character_is_shown_as_its_bytes(capsys):
    run(of_ones_own("ñ" * 5 + "ò你" * 9))
    assert r"\xc3" in capsys.readouterr().out


def test_a_cell_that_breaks_is_noticed():
    with pytest.raises(UnicodeDecodeError):
        run(of_ones_own("ò你" * 9) | {("merges-code", 'errors="backslashreplace"'): ""})
