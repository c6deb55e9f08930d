"""The worker: runs config.py files, one after another, inside the sandbox."""

import builtins
import gc
import json
import os
import sys
import time
import types

import jetkit_machine
import jetkit_sandbox
import jetkit_values

# Sleeping costs no time here: retries of programs that find no network would
# take most of it. It is counted, and stops with the file's share.
MAX_SLEEP = 300


class SleptTooLong(BaseException):
    """Ends a file that sleeps; not an Exception, so that files don't catch it."""


def main(request, root, first, results, output, memory, seconds):
    """Runs the folders from the first one on and never returns."""
    code = 70
    try:
        prepare(request, root, output)
        jetkit_sandbox.enter(root, memory, seconds)
        for index in range(first, len(request["folders"])):
            result = evaluate(request, root, index)
            flush()
            send(results, index, result)
        code = 0
    except BaseException as error:
        print("jetkit: %s: %s" % (type(error).__name__, error), file=sys.__stderr__)
    finally:
        flush()
        os._exit(code)


def prepare(request, root, output):
    """Gives the process the environment and the modules that files expect."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    lib = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")
    sys.path[:] = [lib] + jetkit_sandbox.standard_library(sys.path)
    sys.argv = ["config.py"]
    builtins.exit = builtins.quit = sys.exit  # as the module site, which is not loaded, has it
    facts = request["facts"]
    jetkit_machine.install(root, facts)
    set_environment(request["env"])
    os.chdir(root)

    import jetson_containers  # ours, in lib

    jetson_containers._set_facts(facts)
    import jetson_containers.l4t_version, jetson_containers.packages, jetson_containers.utils  # noqa
    import jetson_containers.logging, jetson_containers.network, jetson_containers.pypi_utils  # noqa

    packages = types.ModuleType("packages")
    packages.__path__ = [p for p in (os.path.join(root, "packages"), root) if os.path.isdir(p)]
    packages.__package__ = "packages"
    sys.modules["packages"] = packages
    gc.disable()  # the files make little garbage, and no cycles worth the time


def set_environment(env):
    os.environ.clear()
    os.environ.update(env)
    os.environ.setdefault("HOME", "/nonexistent")


def evaluate(request, root, index):
    """Gives the result of one folder."""
    folder = request["folders"][index]
    path = os.path.normpath(os.path.join(root, folder["dir"]))
    file = os.path.join(path, "config.py")
    parent = types.ModuleType("packages.jetkit_%d" % index)
    parent.__path__ = [path]
    parent.__package__ = parent.__name__
    module = types.ModuleType(parent.__name__ + ".config")
    module.__file__ = file
    module.__package__ = parent.__name__
    module.package = dict(folder["package"], path=path)
    sys.modules[parent.__name__], sys.modules[module.__name__] = parent, module
    reset(request["env"])
    try:
        with open(file, "rb") as source:
            code = compile(source.read(), file, "exec", dont_inherit=True)
        exec(code, module.__dict__)
        if "package" not in module.__dict__:
            return {"error": {"message": "it deletes the variable package"}}
        result = jetkit_values.result(module.package, root, path)
        warn(result, root, file)
        return result
    except BaseException as error:
        return {"error": explain(error, root)}
    finally:
        for name in [n for n in sys.modules if n == parent.__name__ or n.startswith(parent.__name__ + ".")]:
            del sys.modules[name]


def warn(result, root, file):
    """Adds to a result what the user should know of how it came about."""
    found = [(message, at, line) for message, at, line in jetkit_machine.notes() if at.startswith(root + os.sep)]
    found += jetkit_values.respelled(result.pop("floats"), [file] + [other for other in loaded(root) if other != file])
    for message, at, line in found:
        warning = {"message": message, "at": {"file": os.path.relpath(at, root), "line": line}}
        result.setdefault("warnings", []).append(warning)


def loaded(root):
    """Lists the files of the tree that were imported."""
    files = set(getattr(module, "__file__", None) or "" for module in list(sys.modules.values()))
    return sorted(file for file in files if file.startswith(root + os.sep))


def reset(env):
    """Puts back what an earlier file may have changed."""
    set_environment(env)
    jetkit_machine.reset()
    slept = [0.0]

    def sleep(seconds):
        slept[0] += max(float(seconds), 0.0)
        if not slept[0] <= MAX_SLEEP:
            raise SleptTooLong("it sleeps longer than %d seconds" % MAX_SLEEP)
        jetkit_machine.sleep(max(float(seconds), 0.0))

    time.sleep = sleep


def explain(error, root):
    """Describes an exception with the lines of the tree that led to it."""
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException:
        text = ""
    if isinstance(error, SystemExit):
        message = "it ends Python with exit(%s)" % text
    elif isinstance(error, SleptTooLong):
        message = text
    elif isinstance(error, MemoryError):
        message = "it needs more memory than it may have"
    else:
        message = name + (": " + text if text else "")
    frames = []
    trace = error.__traceback__
    while trace is not None:
        add_frame(frames, root, trace.tb_frame.f_code.co_filename, trace.tb_lineno, trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        message = "%s: %s" % (name, error.msg)
        add_frame(frames, root, error.filename, error.lineno or 1, "")
    message = message.replace(root + os.sep, "").replace(root, jetkit_values.TREE)
    return {"message": " ".join(message.split())[:500], "frames": frames[-8:]}


def add_frame(frames, root, file, line, function):
    file = os.path.normpath(file)
    if file.startswith(root + os.sep):
        frame = {"file": os.path.relpath(file, root), "line": line}
        if function:
            frame["function"] = function
        frames.append(frame)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass


def send(fd, index, result):
    """Writes one result as a line."""
    line = json.dumps(dict(result, index=index)) + "\n"
    dt = memoryview(line.encode("ascii"))
    while dt:
        dt = dt[os.write(fd, dt):]
