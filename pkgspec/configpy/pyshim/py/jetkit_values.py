"""Turns what config.py leaves in "package" into plain data."""

import os

# The name of the tree in results.
TREE = "/jetkit/tree"

KEYS = frozenset((
    "alias", "build_args", "build_flags", "buildkit_device", "config", "depends", "disabled", "dockerfile", "docs",
    "group", "name", "notes", "path", "prefix", "postfix", "requires", "test",
))

# Keys whose values are used as texts without being turned into them first.
TEXT_KEYS = frozenset(("name", "alias", "depends", "test", "dockerfile", "config"))

LOST_ZERO = "%s is a number in Python and becomes %s; write '%s' to keep it"

MAX_PACKAGES = 5000
MAX_DEPTH = 16

_sources = {}


def result(value, root, folder):
    """Gives the result of a config.py that left this value.

    A Dockerfile given by its whole path becomes relative to the folder, and the
    tree's place on this machine, which is another one every time, a fixed name.
    """
    if value is None:
        return {"disabled": True, "floats": ()}
    found, ignored, floats = [], [], set()
    collect(value, found, ignored, 0)
    if ignored and not found:
        raise TypeError("package must be a dictionary or a list of dictionaries, not " + ignored[0])
    answer = {"packages": [fixed(metadata(p, floats), root, folder) for p in found]}
    if ignored:
        answer["warnings"] = [{"message": "package holds %s, which is ignored" % what} for what in ignored[:20]]
    answer["floats"] = floats
    return answer


def respelled(floats, files):
    """Lists the numbers in files that a value has lost a zero of, as (message, file,
    line). Python reads 3.10 as 3.1, which is another version."""
    found = []
    for file in files if floats else ():
        text = source(file)
        if any(number + "0" in text for number in floats):
            found += [(LOST_ZERO % (written, number, written), file, line) for written, number, line in numbers(text) if number in floats]
    return found[:20]


def source(file):
    """Gives the text of a file of the tree, read once."""
    if file not in _sources:
        try:
            with open(file, encoding="utf-8") as opened:
                _sources[file] = opened.read()
        except (OSError, ValueError):
            _sources[file] = ""
    return _sources[file]


def numbers(text):
    """Finds the floats in Python code that end in a zero too many."""
    import io
    import tokenize  # it takes longer to load than most files to run

    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (SyntaxError, tokenize.TokenError):
        return
    for token in tokens:
        if token.type == tokenize.NUMBER and "." in token.string and token.string.endswith("0") and "j" not in token.string:
            number = str(float(token.string))
            if number != token.string:
                yield token.string, number, token.start[0]


def collect(value, found, ignored, depth):
    """Finds the packages in a dict, or in lists of them at any depth, and what is neither."""
    if depth > MAX_DEPTH or len(found) > MAX_PACKAGES:
        raise ValueError("package holds more than %d packages, or lists in lists without end" % MAX_PACKAGES)
    if isinstance(value, dict):
        nested = [(k, v) for k, v in value.items() if k not in KEYS and is_package(v)]
        for name, package in nested:
            found.append(dict(package, name=name))
        if not nested:
            found.append(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            collect(item, found, ignored, depth + 1)
    elif value is not None:
        ignored.append(kind(value))


def is_package(value):
    """Tells whether a value is a dict of metadata keys."""
    return isinstance(value, dict) and value != {} and all(key in KEYS for key in value)


def metadata(package, floats):
    """Makes a package's keys plain: scalars become the texts that print shows."""
    return {str(key): key_value(str(key), value, floats) for key, value in package.items() if key != "path"}


def fixed(package, root, folder):
    dockerfile = package.get("dockerfile")
    if isinstance(dockerfile, str) and dockerfile.startswith(root + os.sep):
        package["dockerfile"] = os.path.relpath(dockerfile, folder)
    return renamed(package, root)


def renamed(value, root):
    if isinstance(value, str):
        return value.replace(root, TREE)
    if isinstance(value, list):
        return [renamed(v, root) for v in value]
    if isinstance(value, dict):
        return {renamed(k, root): renamed(v, root) for k, v in value.items()}
    return value


def key_value(key, value, floats):
    """Makes a key's value plain. A build argument that is None is none."""
    if key == "build_args" and isinstance(value, dict):
        floats.update(str(v) for v in value.values() if isinstance(v, float))
        return {str(name): format(v) for name, v in value.items() if v is not None}
    if isinstance(value, float):
        floats.add(str(value))
    return plain(value, key in TEXT_KEYS, 0)


def plain(value, texts, depth):
    """Makes a value plain. Where only texts will do, others are marked."""
    if depth > MAX_DEPTH:
        raise ValueError("package holds values in values without end")
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {str(k): plain(v, texts, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, texts, depth + 1) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v, texts, depth + 1) for v in value), key=str)
    if texts:
        return {kind(value): str(value)}
    return str(value)


def kind(value):
    return "a value of type " + type(value).__name__
