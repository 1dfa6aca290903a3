"""Where Chromium is, and how it is started: without looking for updates, and in tests without a network."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# No name has an address, so that whatever needs a network fails here and not on a train.
ONLY_LOOPBACK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


def found():
    """The path of the first of NAMES that is there, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)
