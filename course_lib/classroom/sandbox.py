"""A process for a student's code that sees no network, no other process and no file but Python's and NumPy's."""

import json
import os
import platform
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from course_lib.exercises import answers

from . import seccomp, worker

MEMORY, FILE_SIZE, REPLY_SIZE = 1_000_000_000, 10_000_000, 4_000_000  # bytes
MOST_PARTS = 300_000  # commas and brackets in a reply, each of which costs memory here
SECONDS = 10  # for each cell, and for all calls of one task
START = 60  # seconds within which a worker must have started, on the busiest machine

ADVICE = """Bubblewrap is needed to grade safely, and it cannot be used here: {reason}.
Install it (Debian, Ubuntu: sudo apt install bubblewrap). Where it is installed, allow user namespaces:
sudo sysctl kernel.unprivileged_userns_clone=1, on Ubuntu 24.04 and later also
sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0; in Docker, --security-opt seccomp=unconfined.
--unsafe-no-sandbox grades without it: the submissions' code then runs with all your rights."""


class Stopped(Exception):
    """The worker is gone; `outcome` is "timeout" or "crash", `at` the statement of a cell that it had come to."""

    def __init__(self, outcome, reason, at=None):
        super().__init__(reason)
        self.outcome, self.at = outcome, at


def command(sandboxed=True, rules=None):
    """What starts a worker; `rules` is the descriptor from which Bubblewrap reads its seccomp filter."""
    python, source, numpy = os.path.realpath(sys.executable), Path(worker.__file__), Path(np.__file__).parent
    limits, rule = [str(MEMORY), str(FILE_SIZE)], Path(answers.__file__)
    if not sandboxed:
        return [python, "-I", "-S", str(source), *limits, str(numpy.parent), str(rule.parent)]
    bwrap = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
    bwrap += [
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--cap-drop",
        "ALL",
        "--hostname",
        "sandbox",
    ]
    bwrap += ["--seccomp", str(rules)] if rules is not None else []
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        bwrap += ["--setenv", name, "1"]
    # only where libraries lie: elsewhere under /usr, nbgrader's exchange has everybody's submissions
    libraries = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"]
    libraries += [f"{sys.base_prefix}/lib", f"{sys.base_prefix}/{sys.platlibdir}"]
    for path in [*dict.fromkeys(libraries), python, "/etc/ld.so.cache", "/usr/share/zoneinfo"]:
        bwrap += ["--ro-bind-try", path, path]
        for packages in Path(path).glob("python3*/*-packages"):  # hide what is installed beside Python
            bwrap += ["--tmpfs", str(packages), "--remount-ro", str(packages)]
    for folder in (numpy, numpy.parent / "numpy.libs"):
        bwrap += ["--ro-bind-try", str(folder), f"/site/{folder.name}"]
    # no /proc: it would show Bubblewrap's own environment and command line, which are the lecturer's
    bwrap += ["--ro-bind", str(source), "/worker.py"]
    for file in (rule, rule.with_name("calls.py")):
        bwrap += ["--ro-bind", str(file), f"/rule/{file.name}"]
    bwrap += ["--dev", "/dev", "--remount-ro", "/dev"]
    bwrap += ["--size", str(FILE_SIZE), "--tmpfs", "/tmp", "--chdir", "/tmp", "--remount-ro", "/"]
    return [*bwrap, python, "-I", "-S", "/worker.py", *limits, "/site", "/rule"]


def unusable():
    """Why no sandbox can be had here, in one sentence without a full stop; None where one can."""
    if shutil.which("bwrap") is None:
        return "it is not installed"
    if not seccomp.known():
        return f"there is no filter for this processor ({platform.machine()})"
    try:
        with Worker():
            return None
    except Stopped as error:
        return str(error)


class Worker:
    """One worker process, killed with all that belongs to it on leaving the `with` block."""

    def __init__(self, sandboxed=True):
        self.sandboxed, self.process = sandboxed, None

    def __enter__(self):
        options = {}
        if self.sandboxed:
            read, write = os.pipe()
            os.write(write, seccomp.program())
            os.close(write)
            options = {"pass_fds": [read], "env": {"PATH": os.environ.get("PATH", os.defpath)}}
        try:
            self.process = subprocess.Popen(
                command(self.sandboxed, read if self.sandboxed else None), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                cwd="/", start_new_session=True, **options,
            )  # fmt: skip
        finally:
            if self.sandboxed:
                os.close(read)
        os.set_blocking(self.process.stdin.fileno(), False)
        # Bubblewrap's own words; no student's code has it
        os.set_blocking(self.process.stderr.fileno(), False)
        try:
            self.ask({"name": "", "source": ""}, START)  # what fails before a student's code has run is ours
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def ask(self, request, seconds=None):
        """The reply to a request, a dict. Raises Stopped when the worker dies, is late or talks too much."""
        seconds = SECONDS if seconds is None else seconds
        to_send, received, size, at = json.dumps(request).encode() + b"\n", bytearray(), 0, None
        stdin, stdout = self.process.stdin.fileno(), self.process.stdout.fileno()
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            readable, writable, _ = select.select([stdout], [stdin] if to_send else [], [], max(left, 0))
            if left <= 0:
                raise Stopped("timeout", f"no answer within {SECONDS} seconds", at)
            try:
                to_send = to_send[os.write(stdin, to_send) :] if writable else to_send
            except BrokenPipeError:
                to_send = b""  # it died: reading tells
            if not readable:
                continue
            received += (chunk := os.read(stdout, 1 << 16))
            size += len(chunk)
            if not chunk:
                raise Stopped("crash", self.cause_of_death(), at)
            if size > REPLY_SIZE:
                raise Stopped("crash", f"the answer is longer than {REPLY_SIZE:,} bytes", at)
            if b"\n" not in chunk:
                continue
            *lines, received = received.split(b"\n")
            for line in lines:
                if line[:3] != b"at " or not line[3:].isdigit() or len(line) > 12:
                    return read_reply(line, at)
                at = int(line[3:])

    def cause_of_death(self):
        """What is known of a worker that ended by itself."""
        try:
            code = self.process.wait(5)
        except subprocess.TimeoutExpired:
            return "the process closed the pipe through which it answers"
        words = (self.process.stderr.read(300) or b"").decode(errors="replace").strip()
        return f"the process ended with status {code}" + (f" ({words})" if words else "")


def read_reply(line, at=None):
    """The dict that a line holds, if it is one that costs little to read. Raises Stopped."""
    if sum(line.count(mark) for mark in (b",", b"[", b"{")) > MOST_PARTS:
        raise Stopped("crash", f"the answer has more than {MOST_PARTS:,} parts", at)
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError):
        reply = None
    if not isinstance(reply, dict):
        raise Stopped("crash", "the answer cannot be read", at)
    return reply
