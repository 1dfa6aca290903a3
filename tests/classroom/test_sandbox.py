"""What a student's code can see and touch from inside: tried for real, beside a sandbox that would let it."""

import contextlib
import errno
import os
import platform
import re
import struct
import time
import uuid
from pathlib import Path

import pytest

from course_lib.classroom import sandbox, seccomp
from tests.classroom.conftest import living

HEADERS = {
    "x86_64": ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"],
    "aarch64": ["/usr/include/asm-generic/unistd.h"],
}
OTHERS = {"x86_64": {"read": 0, "write": 1, "mmap": 9, "execve": 59, "futex": 202, "clone": 56, "socketpair": 53},
          "aarch64": {"read": 63, "write": 64, "mmap": 222, "execve": 221, "futex": 98, "clone": 220, "socketpair": 199}}  # fmt: skip
ALLOWED, EPERM, ENOSYS = seccomp.ALLOW, seccomp.REFUSE, seccomp.ABSENT
machines = pytest.mark.parametrize("machine", seccomp.CLONE)


def decision(machine, number, argument=0, arch=None):
    """What the filter answers to a system call: its instructions, carried out as the kernel would."""
    rules = [struct.unpack("HBBI", rule) for (rule,) in struct.iter_unpack("8s", seccomp.program(machine))]
    seen = {0: number, 4: arch or seccomp.AUDIT_ARCH[machine], 16: argument}
    value, at = None, 0
    while True:
        code, if_true, if_false, constant = rules[at]
        if code == seccomp.END:
            return constant
        if code == seccomp.LOAD:
            value, at = seen[constant], at + 1
            continue
        true = {seccomp.EQUAL: value == constant, seccomp.AT_LEAST: value >= constant,
                seccomp.ANY_BIT: bool(value & constant)}[code]  # fmt: skip
        at += 1 + (if_true if true else if_false)


@machines
def test_the_filter_refuses_what_it_names_and_nothing_that_python_needs(machine):
    column = list(seccomp.CLONE).index(machine)
    for name, numbers in seccomp.REFUSED.items():
        if numbers[column] is not None:
            assert decision(machine, numbers[column]) == EPERM, name
    for name, number in OTHERS[machine].items():
        assert decision(machine, number, 0x10000) == ALLOWED, name  # CLONE_THREAD
    assert decision(machine, seccomp.CLONE[machine], 0) == EPERM
    for number in range(seccomp.NEWER, 1000):  # pidfd_open, io_uring_setup, clone3, and what is yet to come
        assert decision(machine, number) == ENOSYS
    for numbers, only in seccomp.ONLY.values():
        assert decision(machine, numbers[column], only) == ALLOWED
        assert decision(machine, numbers[column], only + 1) == EPERM
    for other in {0x40000003, *seccomp.AUDIT_ARCH.values()} - {seccomp.AUDIT_ARCH[machine]}:
        assert decision(machine, OTHERS[machine]["read"], arch=other) == EPERM
    if machine == "x86_64":
        assert decision(machine, 0x40000000 | 57) == EPERM  # the x32 fork


@machines
def test_the_numbers_are_the_kernels(machine):
    headers = [path for path in map(Path, HEADERS[machine]) if path.exists()]
    if not headers:
        pytest.skip("the kernel's headers are not installed: apt install linux-libc-dev")
    known = dict(re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", headers[0].read_text()))
    column = list(seccomp.CLONE).index(machine)
    ours = {name: numbers[column] for name, numbers in seccomp.REFUSED.items() if numbers[column] is not None}
    ours |= {name: numbers[column] for name, (numbers, _) in seccomp.ONLY.items()}
    ours |= OTHERS[machine] | {"clone": seccomp.CLONE[machine], "pidfd_send_signal": seccomp.NEWER}
    # on 64 bits the two files by handle have one name each, which older headers give with a suffix
    assert {name: int(known.get(name, ours[name])) for name in ours} == ours
    assert len(ours.keys() - known.keys()) <= 2


def test_a_processor_without_a_filter_is_refused(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert sandbox.unusable() == "there is no filter for this processor (riscv64)"


CALLS = """import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def errno_of(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in arguments])
    return ctypes.get_errno() if result < 0 else 0

def errnos(numbers):
    return [errno_of(n, *([9] * 5)) for n in numbers]

def vector(address, size):
    return (ctypes.c_size_t * 2)(address, size)

def write_to(pid, address, words):
    '''Write into the memory of a process in every way there is; the names of those that went well.'''
    done, call = [], VM_WRITE
    mine = ctypes.create_string_buffer(words.encode())
    here, there = vector(ctypes.addressof(mine), len(words)), vector(address, len(words))
    if libc.syscall(ctypes.c_long(call), ctypes.c_long(pid), ctypes.byref(here), ctypes.c_long(1),
                    ctypes.byref(there), ctypes.c_long(1), ctypes.c_long(0)) == len(words):
        done.append("process_vm_writev")
    try:
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(address)
            memory.write(words.encode())
            done.append("/proc/mem")
    except OSError:
        pass
    if pid != os.getpid() and libc.ptrace(16, pid, 0, 0) == 0:
        libc.ptrace(17, pid, 0, 0)
        done.append("ptrace")
    return done

def write_to_itself(words):
    kept = ctypes.create_string_buffer(99)
    return write_to(os.getpid(), ctypes.addressof(kept), words)
"""
READ = """import os

def found_in_files(sdeen, known):
    '''Which of the words can be read anywhere in here; they come backwards, so as not to be found in themselves.'''
    needs = [need[::-1] for need in sdeen]
    found = {need: '' for need in needs}
    def look(words, where):
        for need in needs:
            if need in words: found[need] = where
    look(repr(dict(os.environ)) + repr(os.uname()) + os.getcwd(), 'environment')
    for where, folders, files in os.walk('/'):
        folders[:] = [f for f in folders if os.path.join(where, f) not in known and not f.startswith('python3')]
        look(where, 'folder')
        for name in files:
            path = os.path.join(where, name)
            try:
                if os.path.isfile(path) and not path.startswith(('/sys', '/proc/k', '/proc/sys')):
                    with open(path, 'rb') as file:
                        look(path + ': ' + file.read(9_000_000).decode('latin-1'), path)
            except OSError:
                pass
    return [found[need] for need in needs]
"""
LIBRARIES = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/site",
    "/dev",
]


def open_sandbox(monkeypatch):
    """A sandbox as it must not be: with /proc, without the filter, and with the lecturer's environment."""
    command, real = sandbox.command, sandbox.subprocess.Popen

    def lax(sandboxed=True, rules=None):
        start = command(sandboxed)
        start[start.index("--dev") : start.index("--dev")] = ["--proc", "/proc"]
        return start

    monkeypatch.setattr(sandbox, "command", lax)
    monkeypatch.setattr(sandbox.subprocess, "Popen", lambda *a, env=None, **k: real(*a, **k))


def ask(worker, function, *arguments):
    reply = worker.ask({"function": function, "arguments": list(arguments)}, 60)
    assert "value" in reply, reply
    return reply["value"]


def search(worker, *words):
    return ask(worker, "found_in_files", [word[::-1] for word in words], LIBRARIES)


def sources():
    write = seccomp.REFUSED["process_vm_writev"][list(seccomp.CLONE).index(platform.machine())]
    return CALLS.replace("VM_WRITE", str(write)) + READ


@contextlib.contextmanager
def inside():
    with sandbox.Worker() as worker:
        assert worker.ask({"name": "tools", "source": sources()}) == {"said": []}
        yield worker


def first_process(worker):
    """The pid, out here, of the process that is number 1 in there, and an address that it has mapped for writing."""
    (pid,) = [pid for pid, parent in living().items() if parent == worker.process.pid]
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
    except PermissionError:
        pytest.skip("this user may not look into a sandbox's process")
    start = re.search(r"^([0-9a-f]+)-[0-9a-f]+ rw", maps, flags=re.MULTILINE)[1]
    return pid, int(start, 16)


def memory_of(pid, address, size=16):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(size)


def test_every_refused_call_is_refused_inside(sandboxed):
    column = list(seccomp.CLONE).index(platform.machine())
    names = [name for name, numbers in seccomp.REFUSED.items() if numbers[column] is not None]
    with inside() as worker:
        found = ask(worker, "errnos", [seccomp.REFUSED[name][column] for name in names])
        assert dict(zip(names, found, strict=True)) == dict.fromkeys(names, errno.EPERM)
        assert set(ask(worker, "errnos", list(range(424, 480)))) == {errno.ENOSYS}
        (limits, _), (socket, _) = (seccomp.ONLY[name] for name in ("prlimit64", "socket"))
        assert ask(worker, "errno_of", limits[column], 1, 7, 0, 0) == errno.EPERM  # pid 1's
        for family in (2, 10, 16, 17, 38, 40):  # inet, inet6, netlink, packet, alg, vsock
            assert ask(worker, "errno_of", socket[column], family, 1, 0) == errno.EPERM


def test_the_first_process_can_be_neither_written_nor_attached_to(sandboxed):
    """At an address that it has mapped, which is told to the attacker."""
    with inside() as worker:
        pid, address = first_process(worker)
        before = memory_of(pid, address)
        assert ask(worker, "write_to", 1, address, "taken over") == []
        assert ask(worker, "write_to_itself", "taken over") == []
        assert memory_of(pid, address) == before


def test_without_filter_and_with_proc_it_would_be_taken_over(sandboxed, monkeypatch):
    open_sandbox(monkeypatch)
    with inside() as worker:
        pid, address = first_process(worker)
        assert ask(worker, "write_to_itself", "taken over")
        assert ask(worker, "write_to", 1, address, "taken over")
        assert memory_of(pid, address, 10) == b"taken over"


def test_nothing_of_the_lecturer_can_be_read_inside(sandboxed, monkeypatch, tmp_path):
    secret = uuid.uuid4().hex
    monkeypatch.setenv("SECRET_API_TOKEN", secret)
    monkeypatch.chdir(tmp_path)
    private = [secret, "SECRET_API_TOKEN", str(tmp_path), "course_lib/classroom/"]
    private += [platform.node()] * (len(platform.node()) > 6)  # a shorter one could stand anywhere
    with inside() as worker:
        *seen, library = search(worker, *private, "RLIMIT_FSIZE")
    assert dict(zip(private, seen, strict=True)) == dict.fromkeys(private, "")
    assert library == "/worker.py"  # it did look


def test_with_proc_and_the_whole_environment_the_secret_would_be_found(sandboxed, monkeypatch):
    secret = uuid.uuid4().hex
    monkeypatch.setenv("SECRET_API_TOKEN", secret)
    open_sandbox(monkeypatch)
    with inside() as worker:
        token, path = search(worker, f"SECRET_API_TOKEN={secret}", "course_lib/classroom/worker.py")
    assert re.fullmatch(r"/proc/1/(task/1/)?environ", token)
    assert path.startswith("/proc/")


def marked(mark):
    """The processes of this machine whose command line or environment has the mark."""
    found = set()
    for pid in living():
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
            found |= {pid} if mark.encode() in words else set()
    return found


CLINGS = """import ctypes, os, threading, signal, time
libc = ctypes.CDLL(None)
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
libc.prctl(1, 0, 0, 0, 0)
for start in (os.fork, os.forkpty, lambda: libc.fork(), lambda: libc.vfork(), lambda: libc.daemon(1, 1), os.setsid):
    try: start()
    except Exception: pass
try: os.posix_spawn('/bin/sleep', ['sleep', '999'], {})
except Exception: pass
for _ in range(9):
    try: threading.Thread(target=time.sleep, args=(999,)).start()
    except RuntimeError: pass
def f(x):
    while True: pass
"""


def test_nothing_survives_the_grading(sandboxed, monkeypatch):
    mark, command = uuid.uuid4().hex, sandbox.command

    def with_mark(*arguments):
        start = command(*arguments)
        start[start.index("--dev") : start.index("--dev")] = ["--setenv", "MARK", mark]
        return start

    monkeypatch.setattr(sandbox, "command", with_mark)
    with sandbox.Worker() as worker:
        assert worker.ask({"name": "a", "source": CLINGS}, 60) == {"said": []}
        with pytest.raises(sandbox.Stopped):
            worker.ask({"function": "f", "arguments": [1]}, 0.5)
        assert len(marked(mark)) == 3  # Bubblewrap, its first process in there, and Python
    end = time.monotonic() + 60
    while marked(mark) and time.monotonic() < end:
        time.sleep(0.02)
    assert marked(mark) == set()


def test_what_the_parent_spends_is_bounded(sandboxed, monkeypatch):
    """Nothing of the parent's is open to the student's code: no file on the disk, no more than a pipe can hold."""
    listing = """import os
def descriptors():
    found = {}
    for fd in range(99):
        try: found[str(fd)] = oct(os.fstat(fd).st_mode & 0o170000) + ' ' + str(os.fstat(fd).st_rdev)
        except OSError: pass
    return found
def fill():
    written = 0
    for folder in ('/tmp', '/dev/shm', '/', '/site', '/dev', '/rule'):
        try:
            with open(folder + '/x', 'wb') as file:
                for _ in range(99): written += file.write(bytes(1_000_000))
        except OSError: pass
    return written
"""
    with sandbox.Worker() as worker:
        assert worker.ask({"name": "a", "source": listing}) == {"said": []}
        kinds = dict(worker.ask({"function": "descriptors", "arguments": []})["value"]["dict"])
        # null, and pipes
        assert set(kinds.values()) <= {f"0o20000 {os.stat('/dev/null').st_rdev}", "0o10000 0"}
        assert worker.ask({"function": "fill", "arguments": []})["value"] <= sandbox.FILE_SIZE


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"[" * 1_000_000, "longer than|parts|cannot be read"),
        (b'{"value": [' + b"[]," * 400_000 + b"[]]}", "has more than 300,000 parts"),
        (b'{"value": [' + b"{}," * 400_000 + b"{}]}", "has more than 300,000 parts"),
        (b'{"value": [' + b"1," * 400_000 + b"1]}", "has more than 300,000 parts"),
        (b'{"value": ' + b"9" * 3_000_000 + b"}", "cannot be read"),
        (b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "cannot be read"),
        (b"at " * 1_000_000, "cannot be read"),
        (b"at 99999999999999999999", "cannot be read"),
        (b"\xff\x00", "cannot be read"),
        (b"null", "cannot be read"),
        (b"", "cannot be read"),
    ],
    ids=range(11),
)
def test_a_reply_that_costs_much_is_not_read(reply, reason):
    with pytest.raises(sandbox.Stopped, match=reason):
        sandbox.read_reply(reply)
