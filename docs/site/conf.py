"""How the course becomes web pages: Sphinx with myst-nb, which shows the outputs that are stored and runs nothing.

`make site` copies what is to be read into build/site-source and calls Sphinx with this file beside it.
"""

import os
import textwrap

project = "GPT by Hand"
author = "the GPT by Hand authors"
project_copyright = author
language = "en"

extensions = [
    "myst_nb",
    "sphinx-mathjax-offline",
    "autoapi.extension",
    "sphinx_design",
    "sphinxext.opengraph",
]
root_doc = "index"
exclude_patterns = ["_templates"]
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_image_options = {}
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 4
# Lessons leave what is printed by one cell as several kinds of output; the picture comes before its words. AutoAPI does
# not follow names that a module computes.
suppress_warnings = ["mystnb.unknown_mime_type", "myst.header", "autoapi.python_import_resolution"]

# --- the reference, from the sources of course_lib ---------------------------------------------------------

autoapi_dirs = [os.environ["COURSE_LIB"]]
autoapi_root = "reference"
# how marks are made; the exercises stand in the lessons
autoapi_ignore = ["*/classroom/*", "*/exercises/lesson_*"]
autoapi_options = ["members", "show-inheritance"]
autoapi_template_dir = "_templates"
autoapi_add_toctree_entry = False
autoapi_python_class_content = "class"
autoapi_member_order = "bysource"


def as_blocks(docstring):
    """A docstring as reStructuredText: its words as they stand, for their columns matter, and its examples as Python."""
    words, mark, example = docstring.partition(">>>")
    blocks = [("text", words.strip("\n").rstrip())] if words.strip() else []
    blocks += [("pycon", mark + example.rstrip())] if mark else []
    return "\n\n".join(f".. code-block:: {kind}\n\n{textwrap.indent(text, '   ')}" for kind, text in blocks)


def autoapi_prepare_jinja_env(jinja_env):
    jinja_env.filters["as_blocks"] = as_blocks


# --- links that lead out of the course, asked once a week: `make outside` ------------------------------------

linkcheck_ignore = [
    r"https://mybinder\.org/v2/",  # starts a machine
    r"https://colab\.research\.google\.com/github/",  # answers alike, whatever is there
]
linkcheck_retries = 3
# An output that is HTML alone is no warning there either.
nb_mime_priority_overrides = [("linkcheck", "text/html", 50)]

# --- how it looks, and what is shown of a page that is shared ----------------------------------------------

html_theme = "sphinx_book_theme"
html_title = "GPT by Hand"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["live.css", "site.css"]
html_js_files = [("live.js", {"defer": "defer"}), ("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
toc_object_entries_show_parents = "hide"
add_module_names = False
html_use_index = False  # the search finds functions too
html_context = {"default_mode": "auto"}  # light or dark as the reader's system is
html_theme_options = {
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "path_to_docs": "",
    "article_header_start": ["toggle-primary-sidebar.html"],
}
ogp_site_name = project
ogp_site_url = os.environ["COURSE_SITE"] or "/"
ogp_image = "_static/share.png"
ogp_image_alt = (
    "GPT by Hand. Build a GPT yourself. Beside it the weights of a sentence, in which bank looks at swam."
)
ogp_social_cards = {"enable": False}
ogp_enable_meta_description = True
ogp_custom_meta_tags = ['<meta name="twitter:card" content="summary_large_image" />']
if os.environ["COURSE_ADDRESS"]:  # buttons that open the repository, Binder and Colab
    html_theme_options |= {
        "repository_url": os.environ["COURSE_ADDRESS"],
        "repository_branch": "main",
        "use_repository_button": True,
        "launch_buttons": {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    }


def only_lessons_open(app, pagename, templatename, context, doctree):
    """The theme gives each page made of a notebook buttons for Binder and Colab; those of one picture are not in the repository."""
    if not pagename.startswith("notebooks/"):
        context["page_source_suffix"] = ""


def setup(app):
    app.connect("html-page-context", only_lessons_open, priority=100)  # before the theme
