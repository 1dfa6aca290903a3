"""`make collect ASSIGNMENT=04_attention`: what a learning-management system gave, put where the grader looks for it.

It reads `COURSE/downloaded/04_attention/archive`: notebooks, and zip files of the whole class. A file is somebody's
by the name that the system gave it or its folder, never by what a student called something inside their own upload.
Whatever is not taken is named with the reason, and stops nothing else.

Long because whose a file is, and what is done with it, is one decision.
"""

import argparse
import hashlib
import json
import os
import re
import stat
import time
import unicodedata
import zipfile
from pathlib import Path

from course_lib.terminal import show_any_text

from .grade import replace
from .roster import class_list, flat
from .sanitise import MAX_FILE, Unreadable, plain, read_plain_file
from .tasks import all_assignments

MAX_ENTRIES = 50_000
ASK = "unpack it yourself, and put the notebook here under the student's id"
MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(file|onlinetext)(_(?P<file>.*)|$)")
CANVAS = re.compile(r"(?P<name>[^_]+)(_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)")
# What browsers, file managers and Canvas add to the name of a second one: (1), -1, copy, copy 2, - Kopie (2).
COPY = r"[ _-]*(?:(?:copy|kopie|copie|copia|kopia|kopi|cópia)\b)?[ _-]*\(?(?P<copy>\d{0,3})\)?"
JUNK = re.compile(r"(^|/)(__MACOSX/|\.ipynb_checkpoints/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")


class Skipped(ValueError):
    """The reason why a file is not taken."""


def whose(path, assignment, students, pattern=None):
    """(student, copy) of a file, by the part of its path that the system wrote. Raises Skipped.

    students: {id: names}, as `class_list` gives it.

    >>> whose("Ada Lovelace_4711_assignsubmission_file_/04_attention (1).ipynb", "04_attention", {"4711": {"adalovelace"}})
    ('4711', 1)
    >>> whose("lovelaceada_LATE_4711_99_04_attention-2.ipynb", "04_attention", {"4711": set()})
    ('4711', 2)
    >>> whose("eve_4712_assignsubmission_file_/4711_04_attention.ipynb", "04_attention", {"4711": set(), "4712": set()})
    Traceback (most recent call last):
    course_lib.classroom.collect.Skipped: it is not called 04_attention.ipynb
    """
    *folders, file = path.split("/")
    if pattern:
        if not (match := re.match(pattern, path)):
            raise Skipped("its path does not fit the pattern")
        names, file = [match["student"]], re.sub(rf".*?_?(?={assignment})", "", file, count=1)
    else:
        names, file = owner_of(folders, file, assignment, students)
    found = ids_of(names, students)
    if len(found) > 1:
        raise Skipped(f"it could be of {' or of '.join(sorted(found))}")
    if not found:
        raise Skipped(f"nobody on the class's list has the id {' or the name '.join(dict.fromkeys(names))}")
    copy = re.fullmatch(rf"{re.escape(assignment)}{COPY}\.ipynb", file, flags=re.IGNORECASE)
    if not copy:
        raise Skipped(f"it is not called {assignment}.ipynb")
    return found.pop(), int(copy["copy"] or 0)


def ids_of(names, students):
    """The ids that [id] or [number, name] can mean. A system's number may by chance be another's id: the name must fit."""
    if isinstance(students, Anybody):
        return {names[0]}
    number, name = names[0], flat(names[-1])
    found = {id for id, known in students.items() if len(names) > 1 and (name in known or id == names[-1])}
    fits = number in students and (len(names) == 1 or not students[number] or name in students[number])
    return found | ({number} if fits else set())


def owner_of(folders, file, assignment, students):
    """(ids that the file may be of, its name as the student gave it). The outermost folder that names somebody decides.

    In a folder that names nobody, the name of a file may be the student's own, whatever system it looks like.
    """
    for part in folders or [file]:
        if part.count("_assignsubmission_") > 1:
            raise Skipped("its name holds the names of two submissions")
        if match := MOODLE.fullmatch(part) or CANVAS.fullmatch(part):
            return [match["number"], match["name"]], file if part is not file else match["file"] or file
        if part is not file and part in students:
            return [part], file
    if folders:
        raise Skipped(
            f"the folder {folders[0]} does not say whose it is: if a system named the file, move it out of there"
        )
    match = re.fullmatch(rf"(?P<student>.+)_(?P<file>{re.escape(assignment)}.*)", file)
    if not match:
        raise Skipped(f"its name does not say whose it is: ID_{assignment}.ipynb would")
    return [match["student"]], match["file"]


def readable(name):
    """A path as one spells it: composed letters, plain apostrophes, and / between folders. Raises Skipped.

    >>> readable("Zoe\u0308\\\\O\u2019Neil.ipynb")
    "Zo\u00eb/O'Neil.ipynb"
    """
    path = unicodedata.normalize("NFC", name).replace("\\", "/").replace("\u2019", "'")
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or {"..", "."} & set(path.split("/")):
        raise Skipped("its path leads out of the archive")
    return path


def entries(folder, assignment, students):
    """(where, path, date, read) of every file, in the class's archives too; `path` is a Skipped where it is not looked at."""
    for file in sorted(folder.rglob("*")):
        where = file.relative_to(folder).as_posix()
        if file.is_dir() and not file.is_symlink() or JUNK.search(where):
            continue
        if file.suffix.lower() != ".zip":
            date = time.localtime(file.lstat().st_mtime)[:6]
            yield where, spelled(where), date, lambda file=file: read_plain_file(file)
        elif file.is_symlink() or file.parent != folder or of_one(file.stem, assignment, students):
            yield where, Skipped(f"it is a student's, or could be: {ASK}"), (), None
        else:
            yield from in_archive(file, where)


def of_one(stem, assignment, students):
    """The name of a zip file says that one student has uploaded it."""
    own = re.fullmatch(rf"(.+)_{re.escape(assignment)}.*", stem)
    return bool(MOODLE.fullmatch(stem) or CANVAS.fullmatch(stem) or own and own[1] in students)


def in_archive(file, where):
    """The same for the files of one zip file."""
    stem = re.sub(r" ?\(\d+\)$", "", unicodedata.normalize("NFC", file.stem))
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_ENTRIES:
                raise Skipped(f"it holds more than {MAX_ENTRIES:,} files")
            for info in infos:
                name = decoded(info)
                if info.is_dir() or name.endswith("\\") or JUNK.search(name.replace("\\", "/")):
                    continue
                path = spelled(name)
                if isinstance(path, str):
                    path = path.removeprefix(f"{stem}/")
                yield f"{where}: {name}", path, info.date_time, lambda info=info: unzipped(archive, info)
    except Skipped as reason:
        yield where, reason, (), None
    except Exception as error:  # noqa: BLE001  whatever a broken archive makes zipfile raise
        yield (
            where,
            Skipped(f"it is no zip file that can be read ({plain(error, 80) or type(error).__name__})"),
            (),
            None,
        )


def spelled(name):
    try:
        return readable(name)
    except Skipped as reason:
        return reason


def decoded(info):
    """The name of a file in an archive; many programs write UTF-8 without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def unzipped(archive, info):
    """The bytes of a file in an archive. Raises Skipped for a link, a password, too much, or what is broken."""
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Skipped("it is a link")
    if info.flag_bits & 1:
        raise Skipped("it has a password")
    if info.file_size > MAX_FILE:
        raise Skipped(f"it has {info.file_size:,} bytes, more than {MAX_FILE:,}")
    try:
        with archive.open(info) as file:
            return file.read(MAX_FILE)
    except Exception as error:  # noqa: BLE001
        raise Skipped(f"it is broken ({plain(error, 80) or type(error).__name__})") from None


def collect(course, assignment, pattern=None, anybody=False, force=False):
    """Lines for the screen, while submissions are written. Raises SystemExit with what is missing."""
    folder = course / "downloaded" / assignment / "archive"
    known = assignment in all_assignments()
    if not known or not folder.is_dir():
        raise SystemExit(
            f"there is no folder {folder}" if known else f"there is no assignment {assignment!r}"
        )
    students = Anybody() if anybody else class_list(course)
    if not anybody and not students:
        raise SystemExit(
            "the class has no list: `nbgrader db student import students.csv`, or take every id with ARGS=--new-students"
        )
    record = course / "downloaded" / assignment / "collected.json"
    counts = {"taken": 0, "as before": 0, "skipped": 0}
    written, best = (json.loads(record.read_text()) if record.exists() else {}), {}

    def tell(what, where, why):
        counts[what] += 1
        return f"{what:>9}  {plain(where)}: {plain(why)}"

    # an archive is closed once its last file has been looked at
    for where, path, date, read in entries(folder, assignment, students):
        try:
            if isinstance(path, Skipped):
                raise path
            if path.lower().endswith((".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")):
                raise Skipped(f"it is an archive in an archive: {ASK}")
            student, copy = whose(path, assignment, students, pattern)
            if not re.fullmatch(r"[^/\\\0]+", student) or student.startswith("."):
                raise Skipped(f"{student} cannot be the name of a folder")
            order, data = (copy, date), read()
            if student in best and (best[student][0] > order or best[student][2] == data):
                raise Skipped(f"{plain(best[student][1])} is the same, or later, by {student} too")
            if student in best:
                yield tell("skipped", best[student][1], f"{where} is later, by {student} too")
            best[student] = order, where, data
        except (Skipped, Unreadable) as reason:
            yield tell("skipped", where, str(reason))
    for student, (_, where, data) in sorted(best.items()):
        target = course / "submitted" / student / assignment / f"{assignment}.ipynb"
        digest = hashlib.sha256(data).hexdigest()
        there = hashlib.sha256(target.read_bytes()).hexdigest() if target.is_file() else None
        if there == digest:
            yield tell("as before", where, student)
        elif there not in (None, written.get(student)) and not force:
            yield tell(
                "skipped",
                where,
                f"{student} has another submission, put there by hand; ARGS=--force replaces it",
            )
            continue
        else:
            replace(target, data)
            yield tell("taken", where, student)
        written[student] = digest
        replace(record, json.dumps(written, indent=1))
    yield ", ".join(f"{what} {n}" for what, n in counts.items()) + f", of {len(best)} students"


class Anybody(dict):
    """A class in which everybody is."""

    def __contains__(self, student):
        return True


def main(arguments=None):
    """The command line."""
    show_any_text()  # names of students and of their files
    parser = argparse.ArgumentParser(prog="collect", description=__doc__.partition("\n")[0])
    parser.add_argument("assignment", help="for example 04_attention")
    parser.add_argument(
        "--course", type=Path, default=os.environ.get("COURSE", "build"), help="default: build"
    )
    parser.add_argument("--pattern", help="a regular expression for paths, with a group (?P<student>...)")
    parser.add_argument(
        "--new-students", action="store_true", help="also ids that are not on the class's list"
    )
    parser.add_argument("--force", action="store_true", help="replace what was put there by hand")
    options = parser.parse_args(arguments)
    for line in collect(
        Path(options.course).resolve(),
        options.assignment,
        options.pattern,
        options.new_students,
        options.force,
    ):
        print(line)


if __name__ == "__main__":
    main()
