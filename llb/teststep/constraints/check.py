"""Checks in a finished chain that the Python projects that a package relies on are still its own.

Arguments: a JSON file with the package's name, its constraints, and the folders that its own stage and those built on it
are mounted at; and, to list in a file what does not hold in place of failing, that file.
It runs in images of all ages: Python 3.6 is the oldest.
"""
import json
import os
import re
import site
import sys

# What says in a RECORD how the files came, and not which they are.
HOW = re.compile(r'\.pyc"?,|\.dist-info/(INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_cache\.json)"?,')

# The exit code where a constraint does not hold.
BROKEN = 3


def normalized(name):
    """Returns the form of a project's name that PEP 503 compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def inside(root, path):
    """Returns where a path is below a root folder: its links lead to other places below it, not to those of this container."""
    at, parts, links = root, path.split("/")[::-1], 0
    while parts:
        part = parts.pop()
        if part in ("", "."):
            continue
        if part == "..":
            at = os.path.dirname(at) if len(at) > len(root) else root
            continue
        below = at + "/" + part
        if not os.path.islink(below) or links >= 40:
            at = below
            continue
        links += 1
        to = os.readlink(below)
        at = root if to.startswith("/") else at
        parts.extend(to.split("/")[::-1])
    return at


def search_path(user):
    """Returns where Python looks for projects if the image's user runs it."""
    own = os.path.dirname(os.path.abspath(__file__))
    paths = [path for path in sys.path if path.startswith("/") and path != own]
    roots, at = site.getusersitepackages(), os.path.expanduser("~").rstrip("/")
    if not user or not site.ENABLE_USER_SITE or not roots.startswith(at + "/"):
        return paths
    import pwd

    name = user.split(":")[0]
    try:
        home = (pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)).pw_dir
    except KeyError:
        return paths
    theirs = home.rstrip("/") + roots[len(at):]
    paths = [path for path in paths if path != roots]
    first = next((i for i, path in enumerate(paths) if path.endswith("-packages")), len(paths))
    return paths[:first] + [theirs] + paths[first:]


def files_of(read):
    """Returns what tells a build of a project from others: its files with their checksums, or else its metadata."""
    for name in ("RECORD", "METADATA", "PKG-INFO"):
        text = read(name)
        if text:
            return [line for line in text.splitlines() if name != "RECORD" or not HOW.search(line)]
    return []


def installed(project, root, paths):
    """Returns version and files of a project below a root folder; None where it is not installed."""
    paths = [inside(root, path) for path in paths]
    try:
        from importlib import metadata
    except ImportError:  # before Python 3.8
        import pkg_resources

        for path in paths:
            for found in pkg_resources.find_distributions(path):
                if normalized(found.project_name) == project:
                    return found.version, files_of(lambda name: found.get_metadata(name) if found.has_metadata(name) else "")
        return None
    for found in metadata.distributions(path=paths):
        name = found.metadata["Name"]
        if name and normalized(name) == project:
            return found.version, files_of(found.read_text)
    return None


def specifier_set():
    """Returns the class that reads version specifiers, of whoever has it; None where nobody does."""
    for module in ("packaging.specifiers", "pip._vendor.packaging.specifiers", "setuptools._vendor.packaging.specifiers",
                   "setuptools.extern.packaging.specifiers", "pkg_resources.extern.packaging.specifiers"):
        try:
            return __import__(module, fromlist=["SpecifierSet"]).SpecifierSet
        except (ImportError, AttributeError):
            continue
    return None


def satisfies(version, specifier):
    """Reports whether a version satisfies a specifier."""
    exact = re.match(r"^===?([^,*]+)$", specifier)
    reads = specifier_set()
    if reads is None or specifier.startswith("==="):
        return exact is None or version == exact.group(1) or version.split("+")[0] == exact.group(1)
    return reads(specifier).contains(version, prereleases=True)


def fault(package, constraint, had, has):
    """Returns what is wrong with what there is of a project, by what its package's stage had, and whether that was wrong already."""
    project, specifier = constraint["project"], constraint["specifier"]
    exact = re.match(r"^===?[^,*]+$", specifier)
    if had is not None and not satisfies(had[0], specifier):
        return "%s says %s%s, and installs %s" % (package, project, specifier, had[0]), True
    if has is None and had is not None:
        return "%s %s was installed by %s, and is not in the image" % (project, had[0], package), False
    if has is None:
        return ("%s says %s%s, and does not install it" % (package, project, specifier), True) if exact else None
    if not satisfies(has[0], specifier):
        return "%s needs %s%s, and the image has %s" % (package, project, specifier, has[0]), False
    if exact and had is not None and had != has:
        return "%s %s is not the build that %s installed: %s was, with other files" % (project, has[0], package, had[0]), False
    return None


def faults(request):
    """Yields the number of each constraint that does not hold, what is wrong, and who did that, as far as it is known."""
    package, paths = request["package"], search_path(request.get("user"))
    for number, constraint in enumerate(request["constraints"]):
        project = constraint["project"]
        had = installed(project, request["stage"], paths)
        wrong = fault(package, constraint, had, installed(project, "", paths))
        if wrong is None:
            continue
        text, own = wrong
        if not own:
            later = (s["package"] for s in request.get("stages") or ()
                     if fault(package, constraint, had, installed(project, s["folder"], paths)))
            first = next(later, None)
            if first is not None:
                text += "; package %s did that" % first
            elif request["after"]:
                text += "; one of the packages after it did that: " + ", ".join(request["after"])
        yield number, text


def main():
    with open(sys.argv[1]) as f:
        request = json.load(f)
    found = list(faults(request))
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w") as f:
            json.dump([{"constraint": number, "text": text} for number, text in found], f)
        return
    for _, text in found:
        print(text, file=sys.stderr)
    if not found:
        print("kept: " + ", ".join(c["project"] + c["specifier"] for c in request["constraints"]))
    sys.exit(BROKEN if found else 0)


if __name__ == "__main__":
    main()
