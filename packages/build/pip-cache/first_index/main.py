"""Installs Python projects from the first index of an ordered list that has them.

    pip-first-index install [PIP OPTIONS] [--no-general] torch==2.8.0 …
    pip-first-index check [PROJECT]
    pip-first-index list

pip itself takes the highest version of all its indexes, so a general index can replace a wheel that was built
for a board. Here the order decides. The list is PIP_INDEXES, URLs separated by spaces; the word "general" in it
is PIP_INDEX_URL, from which dependencies always are.

An index that does not answer, or answers with what is no index, is passed over with a warning. One without the
project or without a file that fits is passed over too. A file that is not what its index says ends everything.
"""
import os
import re
import sys
import tempfile
import urllib.parse

from answers import FAULTY, HAS, LACKS, SILENT, Answer, ask, normal, try_get
from runpip import PROGRAM, failure, installed, record, recorded, redact, run_pip, say, settings, warn


class Problem(Exception):
    """What ends the program, in a user's words."""


def general():
    return os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"


def indexes():
    """The ordered list, each index once."""
    found = []
    for word in os.environ.get("PIP_INDEXES", "").split():
        url = general() if word == "general" else word
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise Problem("%s in PIP_INDEXES is no index: write https://HOST/PATH, or general" % redact(word))
        if url.rstrip("/") not in found:
            found.append(url.rstrip("/"))
    return found


class Wanted:
    """A requirement: "torch==2.8.0", or "torch @ URL" for a file that no index has."""

    def __init__(self, text):
        match = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(@\s*(\S+)|[=<>!~].*|)$", text)
        if not match:
            raise Problem('%s is no requirement: write PROJECT==VERSION, or "PROJECT @ URL"' % redact(text))
        self.text, self.project, self.extras, self.url = text, normal(match.group(1)), match.group(2) or "", match.group(4)
        self.specifier = "" if self.url else match.group(3)


def install_from(wanted, index, answer, options, env):
    """Has pip install a project from an index: None if it did, else what the index has to say."""
    before = installed(wanted.project)
    source = ["--index-url", index] if index else []
    code, output = run_pip(["--no-deps"] + source + options + [wanted.text], env)
    if code != 0:
        kind, why = failure(output, answer.files, wanted.specifier)
        if kind is None:
            raise Problem("%s could not be installed from %s; pip says above why" % (wanted.text, index or "its URL"))
        return Answer(kind, "%s, %s" % (answer.why, why) if kind == LACKS else why)
    version = installed(wanted.project)
    if version is None:
        raise Problem("pip says that it installed %s, but this Python does not find it" % wanted.text)
    file = taken(answer.files, output)
    if file:
        url, digest = answer.files[file]
        record(wanted.project, version, index or "", file, url, digest)
        say("%s: %s %s is from %s" % (PROGRAM, wanted.project, version, index or url))
    elif before != version:
        raise Problem("pip installed %s %s, which is no file of %s" % (wanted.project, version, index or wanted.url))
    else:
        say("%s: %s %s was there before" % (PROGRAM, wanted.project, version))
    return None


def taken(files, output):
    """Which of the files pip says that it took, from the network or from its cache."""
    lines = [line for line in output.splitlines() if re.search(r"Downloading|Using cached|Processing", line)]
    return next((f for f in files for line in lines if f in line or urllib.parse.quote(f) in line), None)


def install_direct(wanted, options, env):
    url, _, fragment = wanted.url.partition("#")
    file = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rsplit("/", 1)[-1])
    digest = fragment[len("sha256="):] if fragment.startswith("sha256=") else ""
    answer = Answer(HAS, "", {file: (url, digest)})
    failed = install_from(wanted, None, answer, options, env)
    if failed:
        raise Problem("%s could not be installed: the server %s" % (wanted.text, failed.why))


def install_one(wanted, order, options, env, silent):
    """Installs a project from the first index that has it. silent holds the indexes that did not answer before."""
    if wanted.url:
        return install_direct(wanted, options, env)
    tried = []
    for index in order:
        answer = silent.get(index) or ask(index, wanted.project)
        if answer.kind == HAS:
            answer = install_from(wanted, index, answer, options, env)
            if answer is None:
                return None
        if answer.kind in (SILENT, FAULTY):
            silent[index] = answer
        warn("%s %s" % (index, answer.why))
        tried.append((index, answer.why))
    where = "Python %d.%d on %s" % (sys.version_info[0], sys.version_info[1], os.uname().machine)
    if not tried:
        raise Problem("%s: no index has CUDA wheels for this target (%s); give one as build argument PIP_INDEXES" % (wanted.text, where))
    raise Problem("no index has %s for %s. What they answered:\n%s" % (wanted.text, where, table(tried)))


def table(rows):
    width = max(len(redact(name)) for name, _ in rows)
    return "\n".join("  %d  %s  %s" % (n, redact(name).ljust(width), why) for n, (name, why) in enumerate(rows, 1))


def install(arguments):
    options, wanted, no_deps, no_general = [], [], False, False
    for argument in arguments:
        if re.match(r"(--(index-url|extra-index-url|find-links|no-index)\b|-[if])", argument):
            raise Problem("%s: which index is asked, the list says: set PIP_INDEXES" % redact(argument).partition("=")[0])
        if argument == "--no-deps":
            no_deps = True
        elif argument == "--no-general":
            no_general = True
        elif argument in ("-q", "--quiet"):
            continue  # what pip says tells which file it took
        elif argument.startswith("-"):
            options.append(argument)  # options with a value as one word: --only-binary=torch
        else:
            wanted.append(Wanted(argument))
    if not wanted:
        raise Problem("install needs a project, as in: %s install torch==2.8.0" % PROGRAM)
    order = [i for i in indexes() if not (no_general and i == general().rstrip("/"))]
    env, silent = settings(), {}
    for one in wanted:
        install_one(one, order, options, env, silent)
    if not no_deps:
        dependencies(wanted, options, env)


def dependencies(wanted, options, env):
    """Installs what the projects need from the general index, which may replace nothing that this program installed."""
    exact = {p: installed(p) for p in recorded() + [w.project for w in wanted]}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as keep:
        keep.write("".join("%s==%s\n" % item for item in sorted(exact.items()) if item[1]))
        keep.flush()
        names = ["%s%s==%s" % (w.project, w.extras, exact[w.project]) for w in wanted]
        # -c adds to what PIP_CONSTRAINT names.
        held = [arg for file in env.get("PIP_CONSTRAINT", "").split() for arg in ("-c", file)]
        code, _ = run_pip(["--index-url", general(), "-c", keep.name] + held + options + names, env)
    if code != 0:
        raise Problem("the dependencies of %s could not be installed from %s; pip says above why" % (", ".join(names), general()))


def check(arguments):
    """Asks each index, prints what it answers, and fails if none of the list does."""
    project = normal(arguments[0]) if arguments else "torch"
    rows, good = [], 0
    for url in indexes() + [general().rstrip("/")]:
        if urllib.parse.urlsplit(url).username:
            raise Problem("%s has credentials, which would stay in the image: leave them out, and give a netrc file as secret netrc" % redact(url))
    for index in indexes():
        answer = ask(index, project)
        if answer.kind == LACKS and not exists(index):
            answer = Answer(FAULTY, "is no index: its own page and that of %s are not there" % project)
        good += answer.kind in (HAS, LACKS)
        rows.append((index, answer.why))
    base = ask(general().rstrip("/"), "pip")
    say("%s: indexes for projects with CUDA, in this order" % PROGRAM)
    say(table(rows) if rows else "  none: there is no index with CUDA wheels for this target")
    say("%s: everything else is from %s, which %s" % (PROGRAM, general(), "answers" if base.kind in (HAS, LACKS) else base.why))
    if rows and not good:
        raise Problem("none of the indexes answers. Try again later, or give others as build argument PIP_INDEXES")


def exists(index):
    """Whether an index without a project is one at all. Its own page may be long; the beginning is enough."""
    status, page = try_get(index + "/", 1 << 16)
    return status in (200, 401, 403) if page is None else page[0] in ("text/html", "application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.v1+json")


def main(arguments):
    commands = {"install": install, "check": check, "list": lambda _: print(redact("\n".join(indexes())))}
    if not arguments or arguments[0] not in commands:
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    try:
        commands[arguments[0]](arguments[1:])
    except Problem as problem:
        say("%s: error: %s" % (PROGRAM, problem))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
