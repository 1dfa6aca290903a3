"""The web pages of a course that has a public address: python -m tests.on_site, after `make site`.

In a copy of the repository `make address` puts an address in, and the pages are built there with what build/ holds of
lite, slides and worksheets. Then no link may lead nowhere: neither those within the pages, nor those to the course's own
address, to Binder, Colab or the published pages, which all have to name a file that is there.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.on_binder import copy_of_the_course
from tools.links import ROOT
from tools.site.dead import Links, pages_in

URL = "https://github.com/some-one/some.course"


def main():
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        course = Path(name)
        copy_of_the_course(course)
        (course / "build").mkdir()
        for made in ("site-env", "lite", "slides", "worksheets"):
            if (ROOT / "build" / made).exists():
                (course / "build" / made).symlink_to(ROOT / "build" / made)
        there = {**os.environ, "PYTHONPATH": str(course)}
        subprocess.run(
            [sys.executable, "-m", "tools.links", URL],
            cwd=course,
            env=there,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        built = subprocess.run(
            ["sh", "tools/site.sh"], cwd=course, check=False, capture_output=True, text=True
        )
        links = [
            link
            for path in pages_in(course / "build/site")
            for link in Links(path.read_text(encoding="utf-8")).links
        ]
    own = [link for link in links if "some-one" in link or "some.course" in link]
    print(
        f"{built.stdout}{built.stderr}with an address: {len(links)} links, {len(own)} to it, to Binder, Colab or the published pages"
    )
    return built.returncode or len(own) < 50


if __name__ == "__main__":
    sys.exit(main())
