"""Conditions on versions by PEP 440."""

import re

from packaging.version import InvalidVersion, Version

_clause = re.compile(r"\s*(===|==|~=|!=|<=|>=|<|>)\s*(\S+)\s*")


class InvalidSpecifier(ValueError):
    """A text is no condition on versions."""


class Specifier:
    """One condition, such as ">=2.1"."""

    def __init__(self, spec="", prereleases=None):
        match = _clause.fullmatch(spec)
        if not match:
            raise InvalidSpecifier("Invalid specifier: %r" % (spec,))
        self.operator, self.version = match.groups()
        self._prereleases = prereleases
        number, self._any = self.version, False
        if self.operator in ("==", "!=") and number.endswith(".*"):
            number, self._any = number[:-2], True
        try:
            self._version = None if self.operator == "===" else Version(number)
        except InvalidVersion:
            raise InvalidSpecifier("Invalid specifier: %r" % (spec,)) from None
        if self.operator == "~=" and len(self._version.release) < 2:
            raise InvalidSpecifier("Invalid specifier: %r" % (spec,))

    @property
    def prereleases(self):
        if self._prereleases is not None:
            return self._prereleases
        return self.operator not in ("!=", "<", ">") and self._version is not None and self._version.is_prerelease

    def __str__(self):
        return self.operator + self.version

    def __contains__(self, item):
        return self.contains(item)

    def contains(self, item, prereleases=None):
        version = item if isinstance(item, Version) else Version(item)
        allowed = self.prereleases if prereleases is None else prereleases
        return (allowed or not version.is_prerelease) and self._holds(version)

    def _holds(self, version):
        op, own = self.operator, self._version
        if op == "===":
            return str(version).lower() == self.version.lower()
        bare = version if own.local is not None else Version(version.public)
        if op in ("==", "!="):
            return (self._begins(version, own.release) if self._any else bare == own) == (op == "==")
        if op == "~=":
            return bare >= own and self._begins(version, own.release[:-1])
        if op == "<=":
            return bare <= own
        if op == ">=":
            return bare >= own
        same = Version(version.base_version) == Version(own.base_version)
        if op == "<":
            return version < own and (own.is_prerelease or not version.is_prerelease or not same)
        if same and (version.is_postrelease and not own.is_postrelease or version.local is not None):
            return False
        return version > own

    def _begins(self, version, release):
        padded = version.release + (0,) * len(release)
        return version.epoch == self._version.epoch and padded[: len(release)] == release


class SpecifierSet:
    """Conditions that must all hold, such as ">=2.1,<3"."""

    def __init__(self, specifiers="", prereleases=None):
        self._specs = [Specifier(s) for s in specifiers.split(",") if s.strip()]
        self.prereleases = prereleases

    def __iter__(self):
        return iter(self._specs)

    def __len__(self):
        return len(self._specs)

    def __str__(self):
        return ",".join(sorted(str(s) for s in self._specs))

    def __contains__(self, item):
        return self.contains(item)

    def contains(self, item, prereleases=None):
        version = item if isinstance(item, Version) else Version(item)
        allowed = self.prereleases if prereleases is None else prereleases
        if allowed is None:
            allowed = any(s.prereleases for s in self._specs)
        if version.is_prerelease and not allowed:
            return False
        return all(s.contains(version, prereleases=True) for s in self._specs)

    def filter(self, iterable, prereleases=None):
        return (item for item in iterable if self.contains(item, prereleases))
