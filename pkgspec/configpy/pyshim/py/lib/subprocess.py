"""subprocess, on a machine on which every program fails.

config.py files run programs to look at the machine that a package is built on.
The answer belongs to the target, not to the machine that plans for it.
"""

PIPE, STDOUT, DEVNULL = -1, -2, -3
_FAILED = 127  # what a shell answers for a program that it does not find


class SubprocessError(Exception):
    """Any failure of a program."""


class CalledProcessError(SubprocessError):
    """A program ended with another code than 0."""

    def __init__(self, returncode, cmd, output=None, stderr=None):
        super().__init__(returncode, cmd, output, stderr)
        self.returncode, self.cmd, self.output, self.stderr = returncode, cmd, output, stderr
        self.stdout = output

    def __str__(self):
        return "%r is not run: config.py starts no programs" % (self.cmd,)


class TimeoutExpired(SubprocessError):
    """A program took too long."""

    def __init__(self, cmd, timeout, output=None, stderr=None):
        super().__init__(cmd, timeout, output, stderr)
        self.cmd, self.timeout, self.output, self.stderr = cmd, timeout, output, stderr


class CompletedProcess:
    """A program that has ended."""

    def __init__(self, args, returncode, stdout=None, stderr=None):
        self.args, self.returncode, self.stdout, self.stderr = args, returncode, stdout, stderr

    def check_returncode(self):
        if self.returncode:
            raise CalledProcessError(self.returncode, self.args, self.stdout, self.stderr)


def run(args, *_, check=False, capture_output=False, stdout=None, text=None, universal_newlines=None, encoding=None,
        shell=False, **__):
    if not shell:
        raise FileNotFoundError(2, "config.py starts no programs", args if isinstance(args, str) else str(args[0]))
    nothing = None
    if capture_output or stdout == PIPE:
        nothing = "" if text or universal_newlines or encoding else b""
    done = CompletedProcess(args, _FAILED, nothing, nothing)
    if check:
        done.check_returncode()
    return done


def call(args, **kwargs):
    return run(args, **kwargs).returncode


def check_call(args, **kwargs):
    run(args, **dict(kwargs, check=True))
    return 0


def check_output(args, **kwargs):
    return run(args, **dict(kwargs, check=True)).stdout


def getstatusoutput(cmd, **_):
    return _FAILED, ""


def getoutput(cmd, **_):
    return ""


class Popen:
    """A program that cannot be started."""

    def __init__(self, args, *_, **__):
        raise FileNotFoundError(2, "config.py starts no programs", args if isinstance(args, str) else str(args[0]))
