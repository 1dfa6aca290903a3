"""Formgrader and the feedback pages in Chromium, full of hostile answers and names: nothing runs, nothing is fetched."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader import handlers

from course_lib.classroom import grade, release, tasks
from course_lib.classroom.sanitise import sanitise
from tests.browser.run_lesson import listening, own_folders
from tests.classroom.hostile import ANSWERS, RUN
from tests.classroom.test_written import DOT

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
ROOT, NAME = Path(__file__).parents[2], "hostile"
EVE, IMG = 'eve"><img src=x onerror=alert(1)>', f'<img src=x onerror="{RUN}">'
HONEST = f"""The dot product $q \\cdot k$ grows with $K$, so we divide by $\\sqrt{{K}}$:

$$\\mathrm{{softmax}}\\left(\\frac{{QK^\\top}}{{\\sqrt{{K}}}}\\right)V$$

```python
def scale(scores, K):
    return scores / np.sqrt(K)  # a < b
```

| K | weight |
|--:|--:|
| 64 | **0.9** |

![a dot](attachment:dot.png) ![a dot](data:image/png;base64,{DOT})
"""
LISTS = [
    ["manage_assignments"], ["manage_submissions", NAME], ["gradebook"], ["gradebook", NAME], ["gradebook", NAME, NAME],
    ["manage_students"], ["manage_students", EVE], ["manage_students", EVE, NAME],
    ["manage_students", f'x";{RUN};"'], ["manage_students", f"</script>{IMG}", f'";{RUN};"'],
    ["manage_submissions", f"</script>{IMG}"], ["gradebook", f"</script>{IMG}"],
]  # fmt: skip


def cell(kind, name, source, **about):
    known = {
        "schema_version": 3,
        "locked": True,
        "solution": False,
        "grade": False,
        "task": False,
        "grade_id": name,
    }
    made = nbformat.v4.new_markdown_cell(source) if kind == "markdown" else nbformat.v4.new_code_cell(source)
    made.metadata["nbgrader"] = {**known, **about}
    return {**made, "id": name}


def marks(course):
    """Every mark of the gradebook, and whether somebody waits for one."""
    with Gradebook(grade.database_of(course)) as gradebook:
        return {
            (submission.student.id, g.name): (g.score, g.manual_score, g.extra_credit, g.needs_manual_grade)
            for submission in gradebook.assignment_submissions(NAME)
            for notebook in submission.notebooks for g in notebook.grades
        }  # fmt: skip


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of one assignment that has a question for every hostile answer, which eve and ada have handed in."""
    folder = tmp_path_factory.mktemp("pages")
    questions = [f"q{i}" for i in range(len(ANSWERS) + 1)]
    cells = [
        cell(
            "code", "softmax", "def softmax(x):\n    raise NotImplementedError", locked=False, solution=True
        ),
        *(
            cell("markdown", q, "*Your answer.*", locked=False, solution=True, grade=True, points=4)
            for q in questions
        ),
        cell("code", "test-softmax", "assert softmax", grade=True, points=3),
    ]
    path = folder / "sources" / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(nbformat.v4.new_notebook(cells=cells)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "SOURCES", folder / "sources")
        course = folder / "course"
        release.release(course, [NAME])
        released = grade.released(course, NAME)
        with Gradebook(grade.database_of(course)) as gradebook:
            gradebook.update_or_create_student(EVE, first_name=IMG, last_name=f"</script>{IMG}", email=IMG)
            gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
        for student, answers in ((EVE, [*ANSWERS.values(), HONEST]), ("ada", ["", *[HONEST] * len(ANSWERS)])):
            sent = json.loads(json.dumps(released))
            for made in sent["cells"]:
                if made["id"] in questions:
                    made["source"] = answers[questions.index(made["id"])]
                    made["attachments"] = {"dot.png": {"image/png": DOT}}
                elif made["id"] == "softmax":
                    made["source"] = (
                        f"# </pre></div><script>{RUN}</script>\ndef softmax(x):\n    raise ValueError('{IMG}')"
                    )
            notebook, notes = sanitise(released, json.dumps(sent).encode())
            reason = f"softmax raised ValueError: {IMG} \x1b[31m</pre><script>{RUN}</script>"
            result = {"student": student, "outcome": "graded", "digest": "", "notes": notes,
                      "results": {"test-softmax": ("error", reason)}}  # fmt: skip
            grade.save(course, NAME, result, notebook)
        outcome = release.nbgrader(course).generate_feedback(NAME)
        assert outcome["success"], outcome["error"]
    return course


@pytest.fixture(scope="module")
def server(course):
    """The address of the server that `make mark` starts, and its token."""
    own, log = own_folders(course.parent / "jupyter"), course.parent / "server.log"
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        f"--ServerApp.root_dir={course}",
    ]
    with open(log, "w") as file:
        process = subprocess.Popen(
            [*command, "--ServerApp.port=0"], cwd=ROOT, env={**os.environ, **own, "COURSE": str(course)},
            stdin=subprocess.DEVNULL, stdout=file, stderr=file,
        )  # fmt: skip
        try:
            url, token = listening(process, Path(own["JUPYTER_RUNTIME_DIR"]), log)
            yield url.rstrip("/"), token
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def watched(browser, **options):
    """A page, and the list of what it must not do: dialogs, scripts that ran, requests to elsewhere or that write."""
    seen, context = [], browser.new_context(viewport={"width": 1400, "height": 900}, **options)
    page = context.new_page()
    page.set_default_timeout(20_000)

    def request(made):
        if not made.url.startswith(("http://127.0.0.1:", "file:", "data:")) or made.method not in (
            "GET",
            "HEAD",
        ):
            seen.append(f"{made.method} {made.url}")

    def dialog(opened):
        seen.append(f"dialog: {opened.message}")
        opened.dismiss()

    context.on("request", request)
    context.on("page", lambda opened: seen.append(f"opened {opened.url}"))
    page.on("dialog", dialog)
    yield page, seen
    context.close()


def log_in(page, server):
    address, token = server
    page.goto(f"{address}/login?next=%2Fapi&token={token}")
    assert "version" in page.content()


def ran(page):
    """What a script of the student's has left on the page."""
    return page.evaluate("[window.pwned, document.title.includes('pwned')]") != [None, False]


def touch(page):
    """Put the mouse on every answer and press, and give each thing in it that can have it the focus."""
    for answer in page.locator(".rendered_html").all():
        answer.hover(position={"x": 15, "y": 15})
        answer.click(position={"x": 15, "y": 15})
    page.evaluate("document.querySelectorAll('.rendered_html *').forEach(e => e.focus && e.focus())")


FOREIGN = (
    "a[href], form, input, textarea, button, iframe, svg, script, style, link, meta, [id], [name], [onclick]"
)


def looks_right(page, answer):
    """Formulas, code, a table and both pictures of the honest answer are drawn."""
    assert answer.locator("math").count() == 4
    size = answer.locator("math[display=block]").bounding_box()
    assert size["height"] > 25
    assert size["width"] > 80
    assert answer.locator(".highlight .k").first.text_content() == "def"
    assert answer.locator(".highlight .k").first.evaluate("e => getComputedStyle(e).color") != "rgb(0, 0, 0)"
    assert "a < b" in answer.inner_text()
    assert answer.locator("td").all_inner_texts() == ["64", "0.9"]
    assert answer.locator("img").evaluate_all("all => all.map(e => e.complete && e.naturalWidth)") == [1, 1]
    assert "$" not in answer.inner_text()


def submissions(course):
    with Gradebook(grade.database_of(course)) as gradebook:
        return {
            student: gradebook.find_submission_notebook(NAME, NAME, student).id for student in (EVE, "ada")
        }


def test_formgrader_shows_hostile_answers_and_nothing_runs(chromium, course, server):
    address, before, ids = server[0], marks(course), submissions(course)
    with watched(chromium) as (page, seen):
        log_in(page, server)
        page.goto(f"{address}/formgrader/submissions/{ids[EVE]}/")
        page.wait_for_function("formgrader.loaded && formgrader.grades.loaded && formgrader.comments.loaded")
        touch(page)
        page.wait_for_load_state("networkidle")
        assert seen == []
        assert not ran(page)
        answers = page.locator(".nbgrader_cell .rendered_html")
        assert answers.count() == len(ANSWERS) + 1
        assert answers.locator(FOREIGN).count() == 0
        for name, answer in zip(ANSWERS, answers.all(), strict=False):
            assert answer.text_content().count("an honest sentence") >= 2, name
        looks_right(page, answers.last)
        page.locator(".glyphicon-eye-open").click()
        assert f"</script>{IMG}, {IMG}" in page.locator(".live-notebook").inner_text()
        assert not ran(page)
    assert marks(course) == before


def test_marks_are_given_in_formgrader_as_ever(chromium, course, server):
    address, before, ids = server[0], marks(course), submissions(course)
    with watched(chromium) as (page, seen):
        log_in(page, server)
        page.goto(f"{address}/formgrader/submissions/{ids['ada']}/")
        page.wait_for_function("formgrader.loaded && formgrader.grades.loaded")
        with page.expect_response(lambda response: response.request.method == "PUT"):
            page.locator("input#q2").fill("3")
            page.keyboard.press("Tab")
        assert [line for line in seen if not line.startswith(f"PUT {address}/formgrader/api/grade/")] == []
    assert marks(course) == {**before, ("ada", "q2"): (3, 3, None, False)}


def test_the_lists_of_formgrader_show_ids_and_names_as_text(chromium, course, server):
    address = server[0]
    with watched(chromium) as (page, seen):
        log_in(page, server)
        for parts in LISTS:
            page.goto(f"{address}/formgrader/{'/'.join(quote(part, safe='') for part in parts)}")
            page.wait_for_load_state("networkidle")
            if parts == ["manage_students"]:
                page.get_by_text("Lovelace, Ada").wait_for()
                assert page.get_by_text(f"</script>{IMG}, {IMG}").count() == 1
            assert not ran(page), parts
            assert seen == [], parts


def test_feedback_pages_show_hostile_answers_and_nothing_runs(chromium, course):
    for student in (EVE, "ada"):
        with watched(chromium) as (page, seen):
            page.goto((course / "feedback" / student / NAME / f"{NAME}.html").as_uri())
            page.wait_for_load_state("networkidle")
            answers = page.locator(".nbgrader_cell .rendered_html")
            if student == EVE:
                touch(page)
                assert "ValueError: <img src=x" in page.locator(".output_error").inner_text()
                for name, answer in zip(ANSWERS, answers.all(), strict=False):
                    assert answer.text_content().count("an honest sentence") >= 2, name
            assert answers.locator(FOREIGN).count() == 0
            looks_right(page, answers.last)
            assert not ran(page)
            assert seen == []


def test_without_our_filters_they_would_run(chromium, course, tmp_path):
    notebook = nbformat.read(course / "autograded" / EVE / NAME / f"{NAME}.ipynb", as_version=4)
    notebook.cells = [
        c for c in notebook.cells if c.cell_type == "markdown" and "attachment" not in c.source
    ][:3]
    stock = HTMLExporter(
        template_name="classic", extra_template_basedirs=[handlers.template_path], sanitize_html=False
    )
    (tmp_path / "stock.html").write_text(stock.from_notebook_node(notebook)[0], encoding="utf-8")
    with watched(chromium) as (page, seen):
        page.goto((tmp_path / "stock.html").as_uri())
        assert ran(page)
        assert "dialog: 1" in seen
