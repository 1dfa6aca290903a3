"""Collecting what systems for learning give: under all their names, from archives of every kind, and nobody for another."""

import io
import os
import shutil
import stat
import subprocess
import sys
import unicodedata
import zipfile

import pytest
from nbgrader.api import Gradebook

from course_lib.classroom.collect import Skipped, collect, main, readable, whose
from course_lib.classroom.release import nbgrader
from course_lib.classroom.roster import database_of
from course_lib.classroom.sanitise import MAX_FILE

NAME = "04_attention"
IDS = ["ada", "bob", "4711", "4712", "Zo\u00eb M\u00fcller", "o'neil", "x_y.z-47", "04", "lovelaceada"]
NAMED = {"ann": {"annalee", "leeanna"}, "101": {"victorhugo", "hugovictor"}, "tw1": {"twin"}, "tw2": {"twin"}}
CLASS = {**dict.fromkeys(IDS, frozenset()), **NAMED}


@pytest.mark.parametrize(
    ("path", "student", "copy"),
    [
        ("ada_04_attention.ipynb", "ada", 0),
        ("ada_04_attention (1).ipynb", "ada", 1),
        ("ada_04_attention(2).ipynb", "ada", 2),
        ("ada_04_attention-1.ipynb", "ada", 1),
        ("ada_04_attention copy.ipynb", "ada", 0),
        ("ada_04_attention copy 3.ipynb", "ada", 3),
        ("ada_04_attention 2.ipynb", "ada", 2),
        ("ada_04_attention - Copy (2).ipynb", "ada", 2),
        ("ada_04_attention - Kopie.ipynb", "ada", 0),
        ("ada_04_attention.IPYNB", "ada", 0),
        (unicodedata.normalize("NFD", "Zo\u00eb M\u00fcller_04_attention.ipynb"), "Zo\u00eb M\u00fcller", 0),
        ("o'neil_04_attention.ipynb", "o'neil", 0),
        ("o\u2019neil_04_attention.ipynb", "o'neil", 0),
        ("x_y.z-47_04_attention.ipynb", "x_y.z-47", 0),
        ("ada/04_attention.ipynb", "ada", 0),
        ("ada/sub/04_attention (1).ipynb", "ada", 1),
        ("Ada Lovelace_4711_assignsubmission_file_/04_attention.ipynb", "4711", 0),
        ("Ada Lovelace_4711_assignsubmission_file/04_attention-1.ipynb", "4711", 1),
        ("Ada Lovelace_4711_assignsubmission_file_04_attention.ipynb", "4711", 0),
        ("Ada_von_L_4711_assignsubmission_file_/04_attention.ipynb", "4711", 0),
        ("CS 101-Week 4-77/Ada Lovelace_4711_assignsubmission_file_/04_attention.ipynb", "4711", 0),
        ("Ada Lovelace_4711_assignsubmission_file_\\04_attention.ipynb", "4711", 0),
        ("babbagec_4711_99_04_attention.ipynb", "4711", 0),
        ("babbagec_LATE_4711_99_04_attention-3.ipynb", "4711", 3),
        ("Anna Lee_333_assignsubmission_file_/04_attention.ipynb", "ann", 0),
        ("Lee, Anna_333_assignsubmission_file_/04_attention.ipynb", "ann", 0),
        ("leeanna_333_44_04_attention.ipynb", "ann", 0),
        ("Victor Hugo_101_assignsubmission_file_/04_attention.ipynb", "101", 0),
    ],
)
def test_a_name_says_whose_it_is(path, student, copy):
    assert whose(readable(path), NAME, CLASS) == (student, copy)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("04_attention.ipynb", "does not say whose it is: ID_04_attention.ipynb would"),
        ("adda_04_attention.ipynb", "nobody on the class's list has the id adda"),
        ("ada_05_multi_head.ipynb", "does not say whose it is"),
        ("ada_04_attention.html", "it is not called 04_attention.ipynb"),
        ("ada_04_attention_final.ipynb", "it is not called 04_attention.ipynb"),
        ("Eve_4712_assignsubmission_file_/4711_04_attention.ipynb", "it is not called"),
        ("Eve_4799_assignsubmission_file_/ada_04_attention.ipynb", "nobody .* has the id 4799 or the name Eve"),
        ("Eve_4799_assignsubmission_file_/Victor_4711_assignsubmission_file_/04_attention.ipynb", "has the id 4799"),
        ("Eve_4799_assignsubmission_file_Victor_4711_assignsubmission_file_04_attention.ipynb", "two submissions"),
        ("Eve_4799_assignsubmission_file_/ada/04_attention.ipynb", "has the id 4799"),
        ("evil_4799_12_ada_04_attention.ipynb", "has the id 4799 or the name evil"),
        ("evil_4799_12_x_4711_13_04_attention.ipynb", "has the id 4799"),
        ("lovelaceada_4711_12_04_attention.ipynb", "it could be of 4711 or of lovelaceada"),
        ("uploads of Eve/ada_04_attention.ipynb", "the folder uploads of Eve does not say whose it is"),
        ("uploads of Eve/babbagec_4711_99_04_attention.ipynb", "the folder uploads of Eve does not say whose it is"),
        ("uploads of Eve/Ada_4711_assignsubmission_file_04_attention.ipynb", "the folder uploads of Eve does not say"),
        ("Eve Nobody_101_assignsubmission_file_/04_attention.ipynb", "has the id 101 or the name Eve Nobody"),
        ("Anna Lee_4711_assignsubmission_file_/04_attention.ipynb", "it could be of 4711 or of ann"),
        ("Twin_1_assignsubmission_file_/04_attention.ipynb", "it could be of tw1 or of tw2"),
        ("bob/ada_04_attention.ipynb", "it is not called"),
        ("ada_04_attention_bob_04_attention.ipynb", "nobody on the class's list has the id ada_04_attention_bob"),
        ("../ada_04_attention.ipynb", "leads out"), ("a/../../ada_04_attention.ipynb", "leads out"),
        ("/etc/ada_04_attention.ipynb", "leads out"), ("C:\\ada_04_attention.ipynb", "leads out"),
        ("..\\..\\ada_04_attention.ipynb", "leads out"), ("\\\\server\\ada_04_attention.ipynb", "leads out"),
    ],
)  # fmt: skip
def test_nobody_hands_in_for_another_and_the_reason_is_said(path, why):
    with pytest.raises(Skipped, match=why):
        whose(readable(path), NAME, CLASS)


def test_another_system_has_a_pattern():
    pattern = r"[^/]*_(?P<student>\w+)_\d+/"
    assert whose("Lovelace_Ada_ada_12/04_attention.ipynb", NAME, CLASS, pattern) == ("ada", 0)
    with pytest.raises(Skipped, match="does not fit the pattern"):
        whose("04_attention.ipynb", NAME, CLASS, pattern)


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    """A gradebook with the class's list."""
    folder = tmp_path_factory.mktemp("list")
    nbgrader(folder)  # so that nbgrader finds what makes its gradebook
    with Gradebook(database_of(folder)) as book:
        for student in IDS:
            book.add_student(student, email="a@b.c")
    return folder / "gradebook.db"


@pytest.fixture
def course(tmp_path, gradebook):
    """A course with a class and nothing else, and its folder for what was downloaded."""
    folder = tmp_path / "class"
    (folder / "downloaded" / NAME / "archive").mkdir(parents=True)
    shutil.copy(gradebook, folder)
    return folder


def zipped(files):
    """The bytes of a zip file of {name or ZipInfo: content}."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def put(course, files):
    for name, content in files.items():
        path = course / "downloaded" / NAME / "archive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def submitted(course):
    return {path.parts[-3]: path.read_bytes() for path in course.glob("submitted/*/*/*.ipynb")}


def test_every_bad_archive_is_named_and_stops_nobody(course):
    link = zipfile.ZipInfo("4712_04_attention.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    password = bytearray(zipped({"4712_04_attention.ipynb": b"x"}))
    for place in (password.index(b"PK\x03\x04") + 6, password.index(b"PK\x01\x02") + 8):
        password[place] |= 1
    flipped = bytearray(zipped({"4712_04_attention.ipynb": os.urandom(1000)}))
    flipped[200] ^= 255
    lying = bytearray(zipped({"4712_04_attention.ipynb": b"0" * 1000}))
    lying[lying.index(b"PK\x01\x02") + 24] = 7  # it says that it has fewer bytes
    unknown = bytearray(zipped({"4712_04_attention.ipynb": b"x"}))
    for place in (unknown.index(b"PK\x03\x04") + 8, unknown.index(b"PK\x01\x02") + 10):
        unknown[place] = 98
    inner = zipped({"Victor_4711_assignsubmission_file_/04_attention.ipynb": b"forged"})
    put(course, {
        "broken.zip": b"PK\x03\x04 no more", "empty.zip": b"", "text.zip": b"not a zip", "flipped.zip": bytes(flipped),
        "out.zip": zipped({"../ada_04_attention.ipynb": b"x", "/abs/ada_04_attention.ipynb": b"x"}),
        "windows.zip": zipped({"..\\ada_04_attention.ipynb": b"x", "wrong\\o'neil_04_attention.ipynb": b"x"}),
        "link.zip": zipped({link: b"/etc/passwd"}), "password.zip": bytes(password), "lying.zip": bytes(lying),
        "unknown.zip": bytes(unknown),
        "bomb.zip": zipped({"4712_04_attention.ipynb": b"0" * (MAX_FILE + 1)}),
        "nested.zip": zipped({"Eve_4712_assignsubmission_file_/more.zip": inner, "more.zip": inner, "more.tar.gz": b""}),
        "4712_04_attention.zip": zipped({"4711_04_attention.ipynb": b"forged"}),
        "Eve_4712_assignsubmission_file_/more.zip": zipped({"4711_04_attention.ipynb": b"forged"}),
        "evil_4712_99_more.zip": zipped({"4711_04_attention.ipynb": b"forged"}),
        "class.zip": zipped({
            "class/ada_04_attention.ipynb": b"ada's", "bob_04_attention.ipynb": b"bob's", "notes.txt": b"",
            "__MACOSX/._ada_04_attention.ipynb": b"junk", ".ipynb_checkpoints/ada_04_attention.ipynb": b"junk",
            "Ada_4711_assignsubmission_file_\\04_attention.ipynb": b"from Windows",
            unicodedata.normalize("NFD", "Zo\u00eb M\u00fcller_04_attention.ipynb"): b"decomposed",
        }),
    })  # fmt: skip
    archive = course / "downloaded" / NAME / "archive"
    (archive / "04_04_attention.ipynb").symlink_to("/etc/passwd")
    (archive / "linked.zip").symlink_to(archive / "class.zip")
    os.mkfifo(archive / "lovelaceada_04_attention.ipynb")
    said = "\n".join(collect(course, NAME))
    assert submitted(course) == {
        "ada": b"ada's", "bob": b"bob's", "4711": b"from Windows", "Zo\u00eb M\u00fcller": b"decomposed",
    }, said  # fmt: skip
    for name in ("broken.zip", "empty.zip", "text.zip", "flipped.zip", "out.zip", "windows.zip", "link.zip", "password.zip",
                 "lying.zip", "unknown.zip", "bomb.zip", "nested.zip", "4712_04_attention.zip", "evil_4712_99_more.zip",
                 "Eve_4712_assignsubmission_file_/more.zip", "04_04_attention.ipynb", "linked.zip", "notes.txt",
                 "lovelaceada_04_attention.ipynb"):  # fmt: skip
        assert any(line.startswith("  skipped") and name in line for line in said.splitlines()), (name, said)
    assert "junk" not in said
    assert said.endswith("of 4 students")
    assert not [path for path in course.parent.rglob("*attention.ipynb") if course not in path.parents]


def test_names_in_an_archive_may_be_utf8_without_saying_so(course):
    plain = zipped({"Zo__ M__ller_04_attention.ipynb": b"x"})
    put(course, {"old.zip": plain.replace(b"Zo__ M__ller", "Zo\u00eb M\u00fcller".encode())})
    list(collect(course, NAME))
    assert list(submitted(course)) == ["Zo\u00eb M\u00fcller"]


def test_of_two_the_later_is_taken_and_both_are_named(course):
    put(
        course,
        {
            "ada_04_attention.ipynb": b"first",
            "ada_04_attention (1).ipynb": b"second",
            "ada_04_attention copy.ipynb": b"x",
        },
    )
    said = "\n".join(collect(course, NAME))
    assert submitted(course) == {"ada": b"second"}
    assert said.count("  skipped") == 2
    assert "    taken  ada_04_attention (1).ipynb: ada" in said


def test_more_comes_in_and_what_was_put_there_by_hand_stays(course):
    put(course, {"ada_04_attention.ipynb": b"1", "bob_04_attention.ipynb": b"1"})
    assert list(collect(course, NAME))[-1] == "taken 2, as before 0, skipped 0, of 2 students"
    put(course, {"ada_04_attention (1).ipynb": b"2"})
    (course / "submitted" / "bob" / NAME / f"{NAME}.ipynb").write_bytes(b"corrected")
    said = list(collect(course, NAME))
    assert said[-1] == "taken 1, as before 0, skipped 2, of 2 students"
    assert any(
        "bob has another submission, put there by hand; ARGS=--force replaces it" in line for line in said
    )
    assert submitted(course) == {"ada": b"2", "bob": b"corrected"}
    assert list(collect(course, NAME, force=True))[-1] == "taken 1, as before 1, skipped 1, of 2 students"
    assert submitted(course) == {"ada": b"2", "bob": b"1"}


def test_new_ids_are_taken_if_you_say_so_but_none_that_is_a_path(course):
    put(
        course, {"adda_04_attention.ipynb": b"x", "._04_attention.ipynb": b"x", ".._04_attention.ipynb": b"x"}
    )
    said = "\n".join(collect(course, NAME))
    assert "nobody on the class's list has the id adda" in said
    assert submitted(course) == {}
    said = "\n".join(collect(course, NAME, anybody=True))
    assert submitted(course) == {"adda": b"x"}


def test_escapes_of_the_terminal_are_not_printed(course):
    put(course, {"class.zip": zipped({"\x1b[2J\x07x_04_attention.ipynb": b"x"})})
    assert "\x1b" not in "\n".join(collect(course, NAME))


@pytest.mark.parametrize(
    ("assignment", "words"),
    [("40_nothing", "there is no assignment '40_nothing'"), ("05_multi_head", "there is no folder")],
)
def test_a_mistaken_call_says_what_is_wrong(course, assignment, words):
    with pytest.raises(SystemExit, match=words):
        main([assignment, "--course", str(course)])


def test_a_class_without_a_list_is_asked_for_one(tmp_path, capsys):
    (tmp_path / "downloaded" / NAME / "archive").mkdir(parents=True)
    put(tmp_path, {"ada_04_attention.ipynb": b"x"})
    with pytest.raises(SystemExit, match="the class has no list: `nbgrader db student import"):
        main([NAME, "--course", str(tmp_path)])
    main([NAME, "--course", str(tmp_path), "--new-students"])
    assert "    taken  ada_04_attention.ipynb: ada" in capsys.readouterr().out
    assert not (tmp_path / "gradebook.db").exists()


def test_it_is_a_program(course):
    put(course, {"ada_04_attention.ipynb": b"x"})
    command = [sys.executable, "-m", "course_lib.classroom.collect", NAME, "--course", str(course)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.endswith(
        "of 1 students\n"
    )
