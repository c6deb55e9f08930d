"""Takes from this process what running strangers' code does not need.

In this order of strength: a seccomp filter (no processes, no sockets, no
writing), Landlock where the kernel has it (no reading outside of the tree and
Python), limits on memory and time, and an audit hook, which says in Python's own
words what is not allowed, and covers kernels without the first two.
"""

import errno
import os
import resource
import struct
import sys

import jetkit_machine

# The machine that this runs on; os.uname is replaced later.
MACHINE = os.uname().machine

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# The names of folders with installed packages. They are inside of the standard library's.
INSTALLED = frozenset(("site-packages", "dist-packages"))

# Audit events, or their beginnings, that end in PermissionError.
FORBIDDEN = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "pty.",
    "os.kill", "signal.pthread_kill", "ctypes.", "ftplib.", "http.client.", "smtplib.", "urllib.Request", "telnetlib.",
    "imaplib.", "poplib.", "nntplib.", "syslog.", "mmap.", "sys.addaudithook", "sys.setprofile", "sys.settrace",
)
CHANGING = (
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate",
    "os.utime", "os.chflags", "os.setxattr", "os.removexattr", "os.mkfifo", "os.mknod", "shutil.", "tempfile.",
)


def enter(root, memory, seconds):
    """Enters the sandbox, for good."""
    readable = readable_paths(root)
    confine_kernel(readable + libraries())
    limit(memory, seconds)
    sys.addaudithook(make_hook(tuple(readable)))
    jetkit_machine.install_files(tuple(readable))


def readable_paths(root):
    """Lists what files may read: the tree, ours, and Python's standard library."""
    here = os.path.dirname(os.path.abspath(__file__))
    return real({root, here, "/dev/null"}.union(standard_library(sys.path)))


def libraries():
    """Lists what the linker reads for modules of the standard library."""
    return real({"/usr/lib", "/usr/local/lib", "/lib", "/lib64", os.path.join(sys.base_exec_prefix, "lib")})


def real(paths):
    return sorted(set(os.path.realpath(p) for p in paths if os.path.exists(p)) - {"/"})


def standard_library(paths):
    """Picks the standard library's own folders; none is one of installed packages."""
    home = os.path.dirname(os.path.abspath(os.__file__))
    return [p for p in paths if p == home or p.startswith(home + os.sep) and not INSTALLED.intersection(p.split(os.sep)) or p.endswith(".zip")]


def limit(memory, seconds):
    for name, value in (
        ("RLIMIT_AS", memory << 20), ("RLIMIT_CPU", int(seconds) + 1), ("RLIMIT_FSIZE", 0), ("RLIMIT_NOFILE", 64),
        ("RLIMIT_NPROC", 0), ("RLIMIT_CORE", 0),
    ):
        number = getattr(resource, name, None)
        if number is not None:
            hard = resource.getrlimit(number)[1]
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(number, (value, value))


def make_hook(readable):
    realpath, fspath, startswith = os.path.realpath, os.fspath, str.startswith
    separator, installed = os.sep, INSTALLED.intersection

    def check_open(path, flags):
        if isinstance(path, int):
            return
        if isinstance(flags, int) and flags & WRITING:
            raise OSError(errno.EROFS, "config.py may not write", path)
        name = realpath(os.fsdecode(fspath(path)))
        if not any(name == p or startswith(name, p + separator) for p in readable) or installed(name.split(separator)):
            raise PermissionError(errno.EACCES, "config.py may only read files of its tree", path)

    def hook(event, args):
        if event == "open":
            check_open(args[0], args[2])
        elif event in ("os.listdir", "os.scandir") and args[0] is not None:
            check_open(args[0], 0)
        elif event.startswith(FORBIDDEN):
            raise PermissionError(errno.EPERM, "config.py may start no process and use no network", event)
        elif event.startswith(CHANGING):
            raise OSError(errno.EROFS, "config.py may not write", event)

    return hook


def confine_kernel(readable):
    """Asks the kernel to enforce the rules; where it cannot, the hook has to do."""
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
        libc.syscall.restype = ctypes.c_long
        if libc.prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS
            return
        landlock(libc, ctypes, readable)
        seccomp(libc, ctypes)
    except Exception:
        return
    finally:
        for name in [n for n in sys.modules if n in ("ctypes", "_ctypes") or n.startswith("ctypes.")]:
            del sys.modules[name]


def landlock(libc, ctypes, readable):
    """Lets this process read the given paths and nothing else."""
    every, reading = 0x1FFF, 0x1 | 0x4 | 0x8  # version 1; execute, read a file, list a folder
    attributes = ctypes.create_string_buffer(struct.pack("=Q", every), 8)
    ruleset = libc.syscall(444, attributes, ctypes.c_size_t(8), 0)
    if ruleset < 0:
        return
    for path in readable:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        allowed = reading if os.path.isdir(path) else 0x1 | 0x4
        rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, fd), 12)
        libc.syscall(445, ctypes.c_int(ruleset), 1, rule, 0)
        os.close(fd)
    libc.syscall(446, ctypes.c_int(ruleset), 0)
    os.close(ruleset)


# Numbers of system calls: machine -> (audit architecture, open, openat, those
# that are refused). In this order: sockets, processes, signals, changes to files,
# changes to the process's surroundings, and ways around this filter.
CALLS = {
    "x86_64": (0xC000003E, 2, 257, (
        41, 42, 43, 44, 46, 49, 50, 53, 288, 307, 56, 57, 58, 59, 322, 435, 62, 129, 200, 297, 424,
        76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 132, 133, 188, 189, 190, 197, 198, 199, 235, 258, 259,
        260, 261, 263, 264, 265, 266, 268, 280, 285, 316, 452, 101, 155, 161, 165, 166, 248, 249, 250, 272, 308, 310,
        311, 319, 321, 323, 425, 434, 437, 438,
    )),
    "aarch64": (0xC00000B7, -1, 56, (
        198, 199, 200, 201, 202, 203, 206, 211, 242, 269, 220, 221, 281, 435, 129, 130, 138, 240, 424,
        33, 34, 35, 36, 37, 38, 45, 46, 47, 52, 53, 54, 55, 88, 276, 452, 5, 6, 7, 14, 15, 16, 117, 39, 40, 41, 51,
        97, 217, 218, 219, 268, 270, 271, 279, 280, 282, 425, 434, 437, 438,
    )),
}


def seccomp(libc, ctypes):
    """Has the kernel refuse system calls, with an error and not a signal."""
    machine = MACHINE
    if machine not in CALLS or sys.byteorder != "little":
        return
    arch, open_number, openat_number, refused = CALLS[machine]
    load, equal, above, bits, give = 0x20, 0x15, 0x35, 0x45, 0x06
    deny, read_only, allow = 0x50000 | errno.EPERM, 0x50000 | errno.EROFS, 0x7FFF0000
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | 0o20000000  # the last is O_TMPFILE's own
    program = [(load, 0, 0, 4), (equal, 1, 0, arch), (give, 0, 0, deny), (load, 0, 0, 0)]
    if machine == "x86_64":  # the x32 calls have a bit of their own
        program += [(above, 0, 1, 0x40000000), (give, 0, 0, deny)]
    for number in refused:
        program += [(equal, 0, 1, number), (give, 0, 0, deny)]
    for number, flags in ((open_number, 24), (openat_number, 32)):
        if number >= 0:
            program += [(equal, 0, 4, number), (load, 0, 0, flags), (bits, 0, 1, writing), (give, 0, 0, read_only), (give, 0, 0, allow)]
    program += [(give, 0, 0, allow)]
    dt = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    code = ctypes.create_string_buffer(dt, len(dt))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    libc.prctl(22, 2, ctypes.addressof(header), 0, 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
