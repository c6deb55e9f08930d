"""The machine that config.py files see: one like the target's, and the same always.

What differs by machine, hour or chance is replaced by what does not: the host's
name, the kernel, the clock, random numbers, processors, the order of folders and
the times of files. A file whose answer may depend on one of these gets a warning
with the line that asked.
"""

import datetime
import os
import random
import sys
import time

HOST = "localhost"
PROCESSORS = 8
PAGE = 4096
MEMORY = 8 << 30
DISK = 64 << 30  # half of it free

# 2026-01-01 00:00:00 UTC, in nanoseconds. The clock goes on by a millisecond with each
# look at it, so that loops which wait for a while end.
START = 1767225600 * 10**9
TICK = 10**6

# NVIDIA's kernels by the major number of Jetson Linux; newer ones have the last.
KERNELS = {32: "4.9", 34: "5.10", 35: "5.10", 36: "5.15"}
NEWEST_KERNEL = "6.8"

CLOCK = "it reads the clock, which stands at 2026-01-01 here, so that the answer is the same every time"
CHANCE = "it draws random numbers, which are the same every time here"
NAME = "it asks for the name of the host, which is localhost here"
COUNT = "it counts the processors of the machine, which are %d here" % PROCESSORS
SIZE = "it asks for the size of the machine, which has %d GiB of memory and a disk of %d GiB here" % (MEMORY >> 30, DISK >> 30)

# Modules that others are asked through: the line that matters is their caller's.
BETWEEN = frozenset(("datetime", "platform", "random", "secrets", "shutil", "socket", "uuid", __name__))

_now = [0]
_root = [""]
_notes = []
_chance = random.Random(0)
_seed = random.seed


def install(root, facts):
    """Puts the target's machine in the place of this one."""
    _root[0] = root + os.sep
    uname = os.uname_result(("Linux", HOST, kernel(facts) + ".0-" + flavour(facts), "#1 SMP PREEMPT", facts["SYSTEM_ARCH"] or "aarch64"))
    os.uname = lambda: uname
    identity()
    size()
    clock()
    chance()
    for name, change in _changes().items():
        if name in sys.modules:
            change(sys.modules[name])
    sys.meta_path.insert(0, _Finder())


def install_files(readable):
    """Hides what is not readable, and what of the rest the machine decides."""
    stat, access, listdir, scandir = os.stat, os.access, os.listdir, os.scandir

    def seen(path, *args, **kwargs):
        if not isinstance(path, int) and outside(path):
            raise FileNotFoundError(2, "No such file or directory", path)
        st = stat(path, *args, **kwargs)
        mode = st.st_mode & ~0o7777 | (0o755 if st.st_mode & 0o40000 else 0o644)
        times = {"st_%stime_ns" % c: 0 for c in "amc"}
        return os.stat_result((mode, 0, 0, 1, 0, 0, st.st_size, 0, 0, 0), times)

    def outside(path):
        name = os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(path)))
        return not any(name == p or name.startswith(p + os.sep) for p in readable)

    os.stat = _Function(seen)
    os.access = _Function(lambda path, *args, **kwargs: not outside(path) and access(path, *args, **kwargs))
    os.listdir = _Function(lambda path=".": sorted(listdir(path)))
    os.scandir = _Function(lambda path=".": _Sorted(scandir(path)))


class _Function:
    """A function that stays one as a class's attribute, as those of C do: pathlib has
    some of them there."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)


class _Sorted:
    """The entries of a folder, by name."""

    def __init__(self, entries):
        with entries:
            self._entries = iter(sorted(entries, key=lambda entry: entry.name))

    def __iter__(self):
        return self._entries

    def __next__(self):
        return next(self._entries)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def close(self):
        pass


def reset():
    """Starts the clock and the random numbers anew."""
    _now[0] = 0
    _seed(0)
    _chance.seed(0)
    _notes.clear()


def sleep(seconds):
    """Lets time go by, at once."""
    _now[0] += int(seconds * 10**9)


def notes():
    """Lists what was asked for since the last reset: (message, file, line)."""
    return list(_notes)


def note(message):
    """Notes the line of the tree that asks for something, if one does."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in BETWEEN:
        frame = frame.f_back
    if frame is not None and frame.f_code.co_filename.startswith(_root[0]):
        found = (message, frame.f_code.co_filename, frame.f_lineno)
        if found not in _notes and len(_notes) < 20:
            _notes.append(found)


def kernel(facts):
    major = (facts["L4T_VERSION"] or "0").split(".")[0]
    return KERNELS.get(int(major) if major.isdigit() else 0, NEWEST_KERNEL)


def flavour(facts):
    return "tegra" if facts["CUDA_ARCH"] == "tegra-aarch64" else "generic"


def identity():
    """Makes the process one of root's, on a machine of a fixed size."""
    os.getpid = lambda: 1
    for name in ("getppid", "getuid", "geteuid", "getgid", "getegid"):
        setattr(os, name, lambda: 0)
    os.getloadavg = lambda: (0.0, 0.0, 0.0)

    def cpu_count():
        note(COUNT)
        return PROCESSORS

    os.cpu_count = os.process_cpu_count = cpu_count
    os.sched_getaffinity = lambda pid: set(range(cpu_count()))


def size():
    """Sets the size of memory and disk."""
    sysconf = os.sysconf

    def configured(name):
        if name in ("SC_NPROCESSORS_CONF", "SC_NPROCESSORS_ONLN"):
            return os.cpu_count()
        if name == "SC_PHYS_PAGES" or name == "SC_AVPHYS_PAGES":
            note(SIZE)
            return MEMORY // PAGE
        if name in ("SC_PAGESIZE", "SC_PAGE_SIZE"):
            return PAGE
        note(SIZE)
        return sysconf(name)

    def statvfs(path):
        note(SIZE)
        return os.statvfs_result((PAGE, PAGE, DISK // PAGE, DISK // PAGE // 2, DISK // PAGE // 2, 1 << 20, 1 << 19, 1 << 19, 0, 255))

    os.sysconf = configured
    os.statvfs = os.fstatvfs = statvfs


def clock():
    """Replaces every clock."""

    def look(*_):
        note(CLOCK)
        _now[0] += TICK
        return START + _now[0]

    def seconds(*_):
        return look() / 10**9

    time.time, time.time_ns, time.clock_gettime, time.clock_gettime_ns = seconds, look, seconds, look
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(time, name, lambda: (look() - START) / 10**9)
        setattr(time, name + "_ns", lambda: look() - START)
    os.times = lambda: os.times_result((0.0, 0.0, 0.0, 0.0, (look() - START) / 10**9))
    gmtime, localtime, asctime, strftime = time.gmtime, time.localtime, time.asctime, time.strftime
    time.tzset = lambda: None  # the zone stays UTC, as the interpreter was started with
    time.gmtime = lambda at=None: gmtime(seconds() if at is None else at)
    time.localtime = lambda at=None: localtime(seconds() if at is None else at)
    time.asctime = lambda t=None: asctime(time.localtime() if t is None else t)
    time.ctime = lambda at=None: asctime(time.localtime(at))
    time.strftime = lambda format, t=None: strftime(format, time.localtime() if t is None else t)

    class date(datetime.date):
        @classmethod
        def today(cls):
            return cls.fromtimestamp(seconds())

    class moment(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(seconds(), tz)

        @classmethod
        def today(cls):
            return cls.now()

        @classmethod
        def utcnow(cls):
            return cls.now(datetime.timezone.utc).replace(tzinfo=None)

    for shown, name in ((date, "date"), (moment, "datetime")):
        shown.__module__, shown.__name__, shown.__qualname__ = "datetime", name, name
        setattr(datetime, name, shown)


def chance():
    """Replaces every source of random numbers by one that repeats."""

    def urandom(size):
        note(CHANCE)
        return bytes(_chance.getrandbits(8) for _ in range(size))

    os.urandom = random._urandom = urandom
    os.getrandom = lambda size, flags=0: urandom(size)

    class Random(random.Random):
        def seed(self, a=None, version=2):
            if a is None:
                note(CHANCE)
                a = _chance.getrandbits(64)
            super().seed(a, version)

        def __init__(self, x=None):
            self.seed(x)

        def __new__(cls, *_, **__):
            return super().__new__(cls, 0)

    def seed(a=None, version=2):
        _seed(_chance.getrandbits(64) if a is None else a, version)

    def noted(draw):
        def drawn(*args, **kwargs):
            note(CHANCE)
            return draw(*args, **kwargs)

        return drawn

    random.Random, random.seed = Random, seed
    for name in random.__all__:
        draw = getattr(random, name)
        if getattr(draw, "__self__", None) is random._inst and name not in ("seed", "getstate", "setstate"):
            setattr(random, name, noted(draw))


def _changes():
    return {"platform": _platform, "resource": _resource, "socket": _socket, "threading": _threading, "uuid": _uuid}


class _Finder:
    """Changes modules that are too large to load for nothing, when they are."""

    def find_spec(self, name, path=None, target=None):
        change = _changes().get(name)
        if change is None:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec is not None:
                load = spec.loader.exec_module
                spec.loader = _Loader(spec.loader, lambda module: (load(module), change(module)))
                return spec
        return None


class _Loader:
    def __init__(self, loader, load):
        self.create_module, self.exec_module = loader.create_module, load


def _platform(platform):
    node = platform.node

    def noted():
        note(NAME)
        return node()

    platform.node = noted


def _resource(resource):
    resource.getrusage = lambda who: resource.struct_rusage((0.0, 0.0) + (0,) * 14)


def _threading(threading):
    threading.get_native_id = lambda: 1
    threading.main_thread()._native_id = 1


def _socket(socket):
    def name(*_):
        note(NAME)
        return HOST

    socket.gethostname = socket.getfqdn = name


def _uuid(uuid):
    uuid._load_system_functions = lambda: None  # of Python 3.8
    uuid._generate_time_safe = uuid._UuidCreate = None
    uuid.getnode = lambda: 0x020000000001
    uuid._node = 0x020000000001
