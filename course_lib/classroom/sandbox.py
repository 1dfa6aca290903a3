"""A process for a student's code that sees no network, no other process and no file but Python's and NumPy's."""

import json
import os
import platform
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from . import worker

MEMORY, FILE_SIZE, REPLY_SIZE = 1_000_000_000, 10_000_000, 4_000_000  # bytes
SECONDS = 10  # for the cells, and for all calls of one task

ADVICE = """Bubblewrap is needed to grade safely, and it cannot be used here: {reason}.
Install it (Debian, Ubuntu: sudo apt install bubblewrap). Where it is installed, allow user namespaces:
sudo sysctl kernel.unprivileged_userns_clone=1, on Ubuntu 24.04 and later also
sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0; in Docker, --security-opt seccomp=unconfined.
--unsafe-no-sandbox grades without it: the submissions' code then runs with all your rights."""


class Stopped(Exception):
    """The worker is gone; `outcome` is "timeout" or "crash"."""

    def __init__(self, outcome, reason):
        super().__init__(reason)
        self.outcome = outcome


def command(sandboxed=True):
    """What starts a worker."""
    python, source, numpy = os.path.realpath(sys.executable), Path(worker.__file__), Path(np.__file__).parent
    limits = [str(MEMORY), str(FILE_SIZE)]
    if not sandboxed:
        return [python, "-I", "-S", str(source), *limits, str(numpy.parent)]
    bwrap = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
    bwrap += ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
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
    bwrap += [
        "--ro-bind",
        str(source),
        "/worker.py",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--remount-ro",
        "/dev",
    ]
    bwrap += ["--size", str(FILE_SIZE), "--tmpfs", "/tmp", "--chdir", "/tmp", "--remount-ro", "/"]
    return [*bwrap, python, "-I", "-S", "/worker.py", *limits, "/site"]


def no_new_processes():
    """A seccomp filter, as bytes: starting a process, or memory that no limit counts, is not permitted.

    Threads remain. Empty on a machine type it does not know.
    """
    arch, clone, forbidden = {
        "x86_64": (0xC000003E, 56, (57, 58, 29, 319)),  # fork, vfork, shmget, memfd_create
        "aarch64": (0xC00000B7, 220, (194, 279)),  # shmget, memfd_create
    }.get(platform.machine(), (0, 0, ()))
    if not arch:
        return b""
    load, equal, at_least, any_bit, end = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, absent = 0x7FFF0000, 0x00050001, 0x00050026  # the latter two: EPERM, ENOSYS
    rules = [(load, 0, 0, 4), (equal, 1, 0, arch), (end, 0, 0, refuse), (load, 0, 0, 0)]
    for number in forbidden:
        rules += [(equal, 0, 1, number), (end, 0, 0, refuse)]
    rules += [(at_least, 0, 1, 0x40000000), (end, 0, 0, refuse)]  # the x32 twins of all these
    rules += [(equal, 0, 1, 435), (end, 0, 0, absent)]  # clone3: glibc then takes clone
    rules += [
        (equal, 0, 3, clone),
        (load, 0, 0, 16),
        (any_bit, 1, 0, 0x10000),
        (end, 0, 0, refuse),
    ]  # CLONE_THREAD
    return b"".join(struct.pack("HBBI", *rule) for rule in [*rules, (end, 0, 0, allow)])


def unusable():
    """Why no sandbox can be had here, in one sentence without a full stop; None where one can."""
    if shutil.which("bwrap") is None:
        return "it is not installed"
    try:
        with Worker() as one:
            return None if one.ask({"cells": []}, 30) == {"errors": {}} else "it does not answer"
    except Stopped as error:
        return str(error)


class Worker:
    """One worker process, killed with all that belongs to it on leaving the `with` block."""

    def __init__(self, sandboxed=True):
        self.sandboxed, self.process = sandboxed, None

    def __enter__(self):
        self.errors = tempfile.TemporaryFile()  # Bubblewrap's own; a student's code cannot reach it
        start, options = command(self.sandboxed), {}
        if self.sandboxed and (filter := no_new_processes()):
            read, write = os.pipe()
            os.write(write, filter)
            os.close(write)
            start[1:1] = ["--seccomp", str(read)]
            options["pass_fds"] = [read]
        else:
            read = None
        try:
            self.process = subprocess.Popen(
                start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, bufsize=0,
                cwd="/", start_new_session=True, **options,
            )  # fmt: skip
        finally:
            if read is not None:
                os.close(read)
        os.set_blocking(self.process.stdin.fileno(), False)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()

    def ask(self, request, seconds=None):
        """The reply to a request, a dict. Raises Stopped when the worker dies, is late or talks too much."""
        seconds = SECONDS if seconds is None else seconds
        to_send, received = json.dumps(request).encode() + b"\n", b""
        stdin, stdout, end = (
            self.process.stdin.fileno(),
            self.process.stdout.fileno(),
            time.monotonic() + seconds,
        )
        while to_send or b"\n" not in received:
            left = end - time.monotonic()
            readable, writable, _ = select.select([stdout], [stdin] if to_send else [], [], max(left, 0))
            if left <= 0:
                raise Stopped("timeout", f"no answer within {SECONDS} seconds")
            try:
                to_send = to_send[os.write(stdin, to_send) :] if writable else to_send
            except BrokenPipeError:
                to_send = b""  # it died: reading tells
            if readable:
                received += (chunk := os.read(stdout, 1 << 16))
                if not chunk:
                    raise Stopped("crash", self.cause_of_death())
                if len(received) > REPLY_SIZE:
                    raise Stopped("crash", f"the answer is longer than {REPLY_SIZE:,} bytes")
        try:
            reply = json.loads(received.partition(b"\n")[0])
        except (ValueError, RecursionError):
            reply = None
        if not isinstance(reply, dict):
            raise Stopped("crash", "the answer cannot be read")
        return reply

    def cause_of_death(self):
        """What is known of a worker that ended by itself."""
        code = self.process.wait()
        self.errors.seek(0)
        words = self.errors.read(300).decode(errors="replace").strip()
        return f"the process ended with status {code}" + (f" ({words})" if words else "")
