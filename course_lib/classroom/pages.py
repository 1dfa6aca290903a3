"""nbgrader's own pages, Formgrader and feedback, made safe for whoever opens them.

Formgrader may do all that the lecturer may, and nbgrader prints in it what students wrote as it came.
"""

import html
from functools import partial

import jinja2
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import Preprocessor
from nbgrader.server_extensions.formgrader import formgrader

from .tasks import OWN
from .written import written


@jinja2.pass_context
def markdown2html(context, source):
    """nbgrader's filter of this name."""
    cell = context.get("cell") or {}
    return written(source, cell.get("attachments"))


def strip_files_prefix(page):
    """nbgrader's filter of this name, which made `javascript:` of `files/javascript:`: what is clean stays as it is."""
    return page


HEAD = """{{%- macro mathjax() -%}}
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'self' 'unsafe-inline';
 font-src 'self'; form-action 'none'; base-uri 'none'; {}">
{}{{%- endmacro %}}"""
HEADS = {
    "feedback": HEAD.format("", ""),
    # Its own scripts stand in the page. It moves the cursor to the first field once MathJax is ready.
    "formgrade": HEAD.format(
        "connect-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "<script>var MathJax = {Hub: {Startup: {signal: {Interest: f => f('End')}}}};</script>",
    ),
}


class Plain(Preprocessor):
    """Student's names as text, and no script from elsewhere: formulas are MathML, so that MathJax is not needed."""

    def __init__(self, **options):
        super().__init__(**options)
        self.enabled = True
        if self.parent and (head := HEADS.get(self.parent.template_name)):
            self.parent.extra_loaders = [jinja2.DictLoader({"mathjax.html.j2": head})]

    def preprocess(self, notebook, resources):
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = html.escape(resources[name])
        return notebook, resources


class NoAutograde(NotebookExporter):
    """Refuses before nbgrader has touched anything."""

    def __init__(self, **options):
        raise SystemExit(
            "`nbgrader autograde` runs submissions with your rights: use `make grade ASSIGNMENT=...`"
        )


def secure(config):
    """Set nbgrader up so that its pages show what students wrote, and their names, as data, and it runs nothing of it.

    What it hands out are the stubs of the lessons, and no file of right answers.
    """
    config.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
    config.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", OWN]
    config.Autograde.exporter_class = NoAutograde
    config.HTMLExporter.filters = {"markdown2html": markdown2html, "strip_files_prefix": strip_files_prefix}
    config.HTMLExporter.preprocessors = [Plain]
    config.HTMLExporter.sanitize_html = True  # for outputs, which its templates print by way of `clean_html`
    # The lists of Formgrader print ids and parts of the address, and nothing there is meant as HTML.
    formgrader.Environment = partial(jinja2.Environment, autoescape=True)
