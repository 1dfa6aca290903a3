"""Where Chromium is, and how it is started: without looking for updates, and in tests without a network."""

import shutil
import time

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

# Seconds for what a quiet machine does at once. Nothing waits that long unless it fails, however busy the machine is.
PATIENCE = 300


def eventually(page, seen, wanted):
    """`seen()` as soon as it is `wanted`, and after PATIENCE whatever it is then; the page goes on meanwhile."""
    end = time.monotonic() + PATIENCE
    while (found := seen()) != wanted and time.monotonic() < end:
        page.evaluate("() => new Promise(requestAnimationFrame)")
    return found


def found():
    """The path of the first of NAMES that is there, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)
