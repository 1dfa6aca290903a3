"""The system calls that a student's code is refused: a filter for Linux' seccomp, written out by hand.

It keeps the code from starting or touching another process, Bubblewrap's own among them, from memory that no
limit counts, from the lecturer's keys, and from what reaches past the sandbox into the kernel. Threads remain.
"""

import platform
import struct

CLONE = {"x86_64": 56, "aarch64": 220}
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name: its number on x86_64, on aarch64 (None: there is no such call)
REFUSED = {
    # another process: starting, reading, changing or holding one
    "fork": (57, None), "vfork": (58, None), "execveat": (322, 281),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "get_robust_list": (274, 100), "perf_event_open": (298, 241), "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # memory and messages of the kernel's, which no limit of the process counts
    "memfd_create": (319, 279), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195),
    "semget": (64, 190), "semctl": (66, 191), "semop": (65, 193), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgctl": (71, 187), "msgrcv": (70, 188), "msgsnd": (69, 189),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "vmsplice": (278, 75),
    # keys of the session that started the grading, and the kernel's log
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "syslog": (103, 116),
    # other namespaces, mounts, files by handle
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "fanotify_init": (300, 262), "fanotify_mark": (301, 263),
    # doors into the kernel that Python and NumPy do not use
    "bpf": (321, 280), "userfaultfd": (323, 282), "personality": (135, 92), "mbind": (237, 235),
    "set_mempolicy": (238, 237), "get_mempolicy": (239, 236), "modify_ldt": (154, None), "iopl": (172, None),
    "ioperm": (173, None), "uselib": (134, None), "ustat": (136, None), "sysfs": (139, None),
    "_sysctl": (156, None), "quotactl": (179, 60), "acct": (163, 89), "swapon": (167, 224),
    "swapoff": (168, 225), "reboot": (169, 142), "sethostname": (170, 161), "setdomainname": (171, 162),
    "vhangup": (153, 58), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
}  # fmt: skip
# Refused unless the first argument is this: limits of the process itself, sockets between its own threads.
ONLY = {"prlimit64": ((302, 261), 0), "socket": ((41, 198), 1)}
# The same numbers everywhere: pidfd_send_signal, io_uring, clone3, pidfd_open and all that came later. To the C
# library they are absent, as on an older kernel, and it does without.
NEWER = 424

LOAD, EQUAL, AT_LEAST, ANY_BIT, END = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF's instructions
ALLOW, REFUSE, ABSENT = 0x7FFF0000, 0x00050001, 0x00050026  # the latter two: EPERM, ENOSYS
NUMBER, ARCH, ARGUMENT = 0, 4, 16  # where they stand in what the kernel shows the filter


def known():
    """Whether there is a filter for this machine's processor."""
    return platform.machine() in CLONE


def program(machine=None):
    """The filter as bytes, for this machine or another. Raises KeyError for a processor it does not know."""
    machine = machine or platform.machine()
    column = list(CLONE).index(machine)
    rules = [
        (LOAD, 0, 0, ARCH),
        (EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (END, 0, 0, REFUSE),
        (LOAD, 0, 0, NUMBER),
    ]
    if machine == "x86_64":
        rules += [(AT_LEAST, 0, 1, 0x40000000), (END, 0, 0, REFUSE)]  # the x32 twins of all calls
    rules += [(AT_LEAST, 0, 1, NEWER), (END, 0, 0, ABSENT)]
    for numbers in REFUSED.values():
        if numbers[column] is not None:
            rules += [(EQUAL, 0, 1, numbers[column]), (END, 0, 0, REFUSE)]
    for numbers, argument in ONLY.values():
        rules += [
            (EQUAL, 0, 4, numbers[column]), (LOAD, 0, 0, ARGUMENT),
            (EQUAL, 1, 0, argument), (END, 0, 0, REFUSE), (END, 0, 0, ALLOW),
        ]  # fmt: skip
    rules += [
        (EQUAL, 0, 3, CLONE[machine]), (LOAD, 0, 0, ARGUMENT),
        (ANY_BIT, 1, 0, 0x10000), (END, 0, 0, REFUSE),  # CLONE_THREAD
    ]  # fmt: skip
    return b"".join(struct.pack("HBBI", *rule) for rule in [*rules, (END, 0, 0, ALLOW)])
