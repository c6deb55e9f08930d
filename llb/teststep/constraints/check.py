"""Checks in a finished chain that the Python projects that a package relies on are still its own.

Argument: a JSON file with the package's name, its constraints, and the folder that its own stage is mounted at.
It runs in images of all ages: Python 3.6 is the oldest.
"""
import json
import os
import re
import sys


def normalized(name):
    """Returns the form of a project's name that PEP 503 compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(project, root):
    """Returns version and list of files of a project below a root folder; None where it is not installed."""
    paths = [root + path for path in sys.path[1:] if path.startswith("/")]
    try:
        from importlib import metadata
    except ImportError:  # before Python 3.8
        import pkg_resources

        for path in paths:
            for found in pkg_resources.find_distributions(path):
                if normalized(found.project_name) == project:
                    names = [name for name in ("RECORD", "METADATA", "PKG-INFO") if found.has_metadata(name)]
                    return found.version, "".join(found.get_metadata(name) for name in names[:1])
        return None
    for found in metadata.distributions(path=paths):
        name = found.metadata["Name"]
        if name and normalized(name) == project:
            texts = (found.read_text(name) for name in ("RECORD", "METADATA", "PKG-INFO"))
            return found.version, next((text for text in texts if text), "")
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


def faults(request):
    """Yields what is wrong with each constraint."""
    package, stage, after = request["package"], request["stage"], request["after"]
    by = "; one of the packages after it did that: " + ", ".join(after) if after else ""
    for constraint in request["constraints"]:
        project, specifier = constraint["project"], constraint["specifier"]
        had, has = installed(project, stage), installed(project, "")
        exact = re.match(r"^===?[^,*]+$", specifier)
        if has is None:
            if had is not None:
                yield "%s %s was installed by %s, and is not in the image%s" % (project, had[0], package, by)
            elif exact:
                yield "%s says %s%s, and does not install it" % (package, project, specifier)
        elif not satisfies(has[0], specifier):
            if had is not None and had[0] == has[0]:
                yield "%s says %s%s, and installs %s" % (package, project, specifier, has[0])
            else:
                yield "%s needs %s%s, and the image has %s%s" % (package, project, specifier, has[0], by)
        elif exact and had is not None and had != has:
            yield "%s %s is not the build that %s installed: %s was, with other files%s" % (
                project, has[0], package, had[0], by)


def main():
    with open(sys.argv[1]) as f:
        request = json.load(f)
    found = list(faults(request))
    for fault in found:
        print(fault, file=sys.stderr)
    if not found:
        print("kept: " + ", ".join(c["project"] + c["specifier"] for c in request["constraints"]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
