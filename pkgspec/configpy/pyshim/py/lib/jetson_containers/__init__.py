"""What config.py files import from jetson_containers, made of the target's facts.

Nothing here looks at the machine, uses a network or writes: functions that do
so in jetson-containers answer as they do there without a network.
"""

from packaging.version import Version

_ARCHS = {"tegra-aarch64": "arm64", "aarch64": "arm64", "x86_64": "amd64"}

LSB_RELEASES = {
    "16.04": "xenial", "18.04": "bionic", "20.04": "focal", "22.04": "jammy", "24.04": "noble", "26.04": "resolute",
}
DEFAULT_PYTHON_VERSIONS = {
    "18.04": Version("3.6"), "20.04": Version("3.8"), "22.04": Version("3.10"), "24.04": Version("3.12"),
    "26.04": Version("3.14"),
}
CUDA_ARCHS = _ARCHS
SYSTEM_ARCH_LIST = [word for pair in _ARCHS.items() for word in pair]


def _set_facts(facts):
    """Sets the variables of this module. An unknown version is 0."""
    names = globals()
    for name in ("L4T_VERSION", "JETPACK_VERSION", "CUDA_VERSION", "PYTHON_VERSION"):
        names[name] = Version(facts[name] or "0")
    for name in ("LSB_RELEASE", "CUDA_ARCH", "SYSTEM_ARCH", "PYTHON_FREE_THREADING"):
        names[name] = facts[name]
    names["CUDA_ARCHITECTURES"] = list(facts["CUDA_ARCHITECTURES"] or [])
    names["DOCKER_ARCH"] = _ARCHS.get(names["SYSTEM_ARCH"], "arm64")
    names["IS_TEGRA"] = names["CUDA_ARCH"] == "tegra-aarch64"
    names["IS_SBSA"] = names["CUDA_ARCH"] == "aarch64"
    names["SYSTEM_ARM"] = names["IS_TEGRA"] or names["IS_SBSA"]
    names["SYSTEM_X86"] = names["CUDA_ARCH"] == "x86_64"
    names["CUDA_SHORT_VERSION"] = cuda_short_version()


def _version(value, default):
    if not value:
        return default
    return value if isinstance(value, Version) else Version(str(value))


def get_l4t_version(version_file=None, l4t_version=None):
    return _version(l4t_version, L4T_VERSION)  # noqa: F821, like the other names in capitals: _set_facts sets them


def get_jetpack_version(l4t_version=None, default=None):
    return JETPACK_VERSION  # noqa: F821


def get_cuda_version(version_file=None, l4t_version=None):
    return CUDA_VERSION  # noqa: F821


def get_python_version(lsb_release=None):
    return DEFAULT_PYTHON_VERSIONS[lsb_release] if lsb_release else PYTHON_VERSION  # noqa: F821


def get_lsb_release(l4t_version=None):
    return LSB_RELEASE  # noqa: F821


def get_cuda_arch(l4t_version=None, cuda_version=None, format=list):
    if format is str:
        return ";".join("%.1f" % (sm / 10) for sm in CUDA_ARCHITECTURES)  # noqa: F821
    return list(CUDA_ARCHITECTURES)  # noqa: F821


def cuda_short_version(cuda_version=None):
    version = _version(cuda_version, globals()["CUDA_VERSION"])
    return "cu%d%d" % (version.major, version.minor)


def check_arch(arch, system_arch=None):
    if system_arch:
        return arch == system_arch
    return arch in (SYSTEM_ARCH, DOCKER_ARCH)  # noqa: F821


def nv_tegra_release(version_file=None, dst=None):
    """Gives the text of a board's release file; a copy is not written."""
    v = L4T_VERSION  # noqa: F821
    return (
        "# R%d (release), REVISION: %d.%d, GCID: 0, BOARD: generic, EABI: %s, DATE: Thu Jan  1 00:00:00 UTC 1970\n"
        "# KERNEL_VARIANT: oot\nTARGET_USERSPACE_LIB_DIR=nvidia\n"
        "TARGET_USERSPACE_LIB_DIR_PATH=/usr/lib/%s-linux-gnu/nvidia"
    ) % (v.major, v.minor, v.micro, SYSTEM_ARCH, SYSTEM_ARCH)  # noqa: F821


def update_dependencies(old, new):
    """Gives the old list with new entries in place of those they are versions of."""
    if not new:
        return old
    merged = old
    for entry in [new] if isinstance(new, str) else new:
        family = entry.split(":")[0]
        merged = [entry if name == family else name for name in merged]
        if entry not in merged:
            merged.append(entry)
    return merged


def package_depends(package, *args):
    """Updates a package's dependencies with names, or lists of them."""
    new = []
    for arg in args:
        if isinstance(arg, (list, tuple)):
            new += arg
        else:
            new.append(arg)
    package["depends"] = update_dependencies(package.get("depends", []), new)
    return package


def package_requires(package, requires=None, system_arch=None, unless=None):
    """Adds a requirement, unless the package has one of some others."""
    if isinstance(package, (list, tuple)):
        for one in package:
            package_requires(one, requires=requires, system_arch=system_arch, unless=unless)
        return package
    if system_arch:
        requires, unless = system_arch, SYSTEM_ARCH_LIST
    others = unless if isinstance(unless, list) else [unless] if unless else []
    has = package.get("requires", [])
    if not isinstance(has, list):
        has = [has]
    if any(requirement in others for requirement in has):
        return None
    if requires not in has:
        has.append(requires)
    package["requires"] = has
    return package


def _log(text="", **_):
    print(text)


log_error = log_warning = log_success = log_info = _log


def log_verbose(text="", **_):
    """Says nothing, as without --verbose."""


log_debug = log_status = log_verbose


def to_bool(value, default=None):
    word = str(value).lower()
    if word in ("on", "true", "1", "yes", "enabled"):
        return True
    if word in ("off", "false", "0", "no", "disabled", "none") or default is not None:
        return bool(default) if word not in ("off", "false", "0", "no", "disabled", "none") else False
    raise ValueError("%r is neither yes nor no" % (value,))


def get_env(key, default=None, type=str):
    import os

    for name in [key] if isinstance(key, str) else key or []:
        value = os.environ.get(name)
        if value:
            if type is bool:
                return to_bool(value)
            return value if type in (None, str) else type(value)
    return default


def get_env_flag(key, default=False):
    return get_env(key, default=default, type=bool)


def get_repo_dir():
    import os
    import sys

    return os.path.dirname(sys.modules["packages"].__path__[0])


def get_dir(key, root=None):
    import os

    root = root or get_repo_dir()
    return root if key.lower() == "repo" else os.path.join(root, key.lower())


def handle_text_request(url, retries=3, backoff=5):
    return None


def handle_json_request(url, headers=None, retries=3, backoff=3, timeout=10):
    raise RuntimeError("there is no network while config.py runs: %s" % url)


def get_json_value_from_url(url, notation=None):
    return handle_json_request(url)


def github_api(url):
    return handle_json_request("https://api.github.com/" + url)


def github_latest_commit(repo, branch="main"):
    return github_api("repos/%s/commits/%s" % (repo, branch))


def github_latest_tag(repo):
    return github_api("repos/%s/tags" % repo)
