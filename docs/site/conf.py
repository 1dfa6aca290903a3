"""How the lessons become web pages: Sphinx with myst-nb, which shows the outputs that are stored and runs nothing.

`make site` copies what is to be read into build/site-source and calls Sphinx with this file beside it.
"""

import os

project = "GPT by Hand"
author = "the GPT by Hand authors"
project_copyright = author
language = "en"

extensions = ["myst_nb", "sphinx-mathjax-offline"]
root_doc = "index"
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_image_options = {}
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
# Lessons leave what is printed by one cell as several kinds of output; the picture comes before its words.
suppress_warnings = ["mystnb.unknown_mime_type", "myst.header"]

html_theme = "sphinx_book_theme"
html_title = "GPT by Hand"
html_static_path = ["_static"]
html_css_files = ["live.css", "site.css"]
html_js_files = [("live.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
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
