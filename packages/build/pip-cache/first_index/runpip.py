"""Runs pip with one index, and keeps what came from where."""
import ast
import glob
import importlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys

from answers import LACKS, SILENT, version_and_tags

PROGRAM = "pip-first-index"
RECORDS = "/usr/local/share/pip-first-index"  # what was installed from where, a file for each project
# Options of pip's by which something else than the list would have a say. PIP_* variables and pip.conf set them too.
OURS = ("index_url", "extra_index_url", "find_links", "no_index")


def redact(text):
    """Hides credentials in URLs."""
    return re.sub(r"(://)[^/@\s\"']*@", r"\1***@", str(text))


def say(text):
    print(redact(text), file=sys.stderr, flush=True)


def warn(text):
    say("%s: warning: %s" % (PROGRAM, text))


def settings():
    """The environment of a pip that takes from one index: without what would add others, in variables and in files."""
    env = {k: v for k, v in os.environ.items() if not (k.startswith("PIP_") and k[4:].lower() in OURS)}
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for line in listed.stdout.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.strip().rpartition(".")
        key = option.replace("-", "_")
        if section in ("global", "install") and key not in OURS and "PIP_" + key.upper() not in env:
            try:
                env["PIP_" + key.upper()] = " ".join(str(ast.literal_eval(value.strip())).split())
            except (ValueError, SyntaxError):
                warn("pip's configuration has %s, which is left out" % name)
    env["PIP_CONFIG_FILE"] = os.devnull  # to pip: no files at all
    return env


def run_pip(arguments, env):
    """Runs pip, shows what it says without credentials, and returns exit code and output."""
    argv = [sys.executable, "-m", "pip", "install", "--progress-bar", "off"] + arguments
    process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = []
    for line in process.stdout:
        text = redact(line.decode("utf-8", "replace").rstrip())
        output.append(text)
        print(text, flush=True)
    return process.wait(), "\n".join(output)


def fits(files, specifier):
    """Whether any of the files is for this Python and of a wanted version, as pip sees it."""
    try:
        from pip._vendor.packaging import specifiers, tags
    except ImportError:
        return True
    wanted, here = specifiers.SpecifierSet(specifier), {str(tag) for tag in tags.sys_tags()}
    for name in files:
        version, found = version_and_tags(name)
        try:
            if wanted.contains(version, prereleases=True) and (not found or here & found):
                return True
        except ValueError:
            continue  # no version
    return False


def failure(output, files, specifier):
    """What a failed pip means: (kind, why), or (None, "") if asking another index would hide something."""
    if "DO NOT MATCH THE HASHES" in output:
        return None, ""
    # pip calls it a conflict if a constraint asks for the same version, which the index does not have.
    if re.search(r"No matching distribution found|Could not find a version that satisfies", output) or (
            "ResolutionImpossible" in output and not fits(files, specifier)):
        return LACKS, "none of them fits"
    network = re.search(
        r"Max retries exceeded|Read ?[Tt]imeout|timed out|Connection(Reset|)Error|Connection (refused|reset|broken|aborted)"
        r"|IncompleteRead|HTTP error (429|5\d\d)|(429|5\d\d) Server Error|(50[0-9]|429) Error", output)
    return (SILENT, "fails while it sends the file: " + network.group(0)) if network else (None, "")


def installed(project):
    """The version that Python finds, or None."""
    importlib.invalidate_caches()
    try:
        return importlib.metadata.version(project)
    except importlib.metadata.PackageNotFoundError:
        return None


def record(project, version, index, file, url, digest):
    os.makedirs(RECORDS, exist_ok=True)
    with open(os.path.join(RECORDS, project + ".json"), "w", encoding="utf-8") as out:
        json.dump({"project": project, "version": version, "index": redact(index), "file": file, "url": redact(url), "sha256": digest}, out, indent=2)
        out.write("\n")


def recorded():
    """The projects that are installed through this program."""
    return sorted(os.path.basename(f)[: -len(".json")] for f in glob.glob(os.path.join(RECORDS, "*.json")))
