"""Versions by PEP 440."""

import re

VERSION_PATTERN = r"""
    v?
    (?:(?P<epoch>[0-9]+)!)?
    (?P<release>[0-9]+(?:\.[0-9]+)*)
    (?P<pre>[-_.]?(?P<pre_l>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<pre_n>[0-9]+)?)?
    (?P<post>(?:-(?P<post_n1>[0-9]+))|(?:[-_.]?(?P<post_l>post|rev|r)[-_.]?(?P<post_n2>[0-9]+)?))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_n>[0-9]+)?)?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?
"""
_regex = re.compile(r"\s*" + VERSION_PATTERN + r"\s*", re.VERBOSE | re.IGNORECASE)
_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


class InvalidVersion(ValueError):
    """A text is no version."""


class Version:
    """A version that is compared as PEP 440 orders them."""

    def __init__(self, version):
        match = _regex.fullmatch(version)
        if not match:
            raise InvalidVersion("Invalid version: %r" % (version,))
        part = match.group
        self.epoch = int(part("epoch") or 0)
        self.release = tuple(int(n) for n in part("release").split("."))
        self.pre = self.post = self.dev = self.local = None
        if part("pre"):
            letter = part("pre_l").lower()
            self.pre = (_PRE.get(letter, letter), int(part("pre_n") or 0))
        if part("post"):
            self.post = int(part("post_n1") or part("post_n2") or 0)
        if part("dev"):
            self.dev = int(part("dev_n") or 0)
        if part("local"):
            parts = re.split(r"[-_.]", part("local").lower())
            self.local = ".".join(str(int(p)) if p.isdigit() else p for p in parts)
        self._key = self._order()

    def _order(self):
        release = self.release
        while len(release) > 1 and release[-1] == 0:
            release = release[:-1]
        if self.pre is not None:
            pre = (0,) + self.pre
        elif self.post is None and self.dev is not None:
            pre = (-1,)
        else:
            pre = (1,)
        post = -1 if self.post is None else self.post
        dev = (1, 0) if self.dev is None else (0, self.dev)
        local = ()
        if self.local is not None:
            local = tuple((1, int(p), "") if p.isdigit() else (0, 0, p) for p in self.local.split("."))
        return (self.epoch, release, pre, post, dev, local)

    major = property(lambda self: self._number(0))
    minor = property(lambda self: self._number(1))
    micro = property(lambda self: self._number(2))

    def _number(self, index):
        return self.release[index] if index < len(self.release) else 0

    @property
    def is_prerelease(self):
        return self.dev is not None or self.pre is not None

    @property
    def is_postrelease(self):
        return self.post is not None

    @property
    def is_devrelease(self):
        return self.dev is not None

    @property
    def base_version(self):
        return ("%d!" % self.epoch if self.epoch else "") + ".".join(str(n) for n in self.release)

    @property
    def public(self):
        return str(self).split("+", 1)[0]

    def __str__(self):
        text = self.base_version
        if self.pre is not None:
            text += "%s%d" % self.pre
        if self.post is not None:
            text += ".post%d" % self.post
        if self.dev is not None:
            text += ".dev%d" % self.dev
        return text + ("+" + self.local if self.local is not None else "")

    def __repr__(self):
        return "<Version('%s')>" % self

    def __hash__(self):
        return hash(self._key)

    def _compare(self, other, holds):
        return holds(self._key, other._key) if isinstance(other, Version) else NotImplemented

    def __lt__(self, other):
        return self._compare(other, lambda a, b: a < b)

    def __le__(self, other):
        return self._compare(other, lambda a, b: a <= b)

    def __eq__(self, other):
        return self._compare(other, lambda a, b: a == b)

    def __ne__(self, other):
        return self._compare(other, lambda a, b: a != b)

    def __ge__(self, other):
        return self._compare(other, lambda a, b: a >= b)

    def __gt__(self, other):
        return self._compare(other, lambda a, b: a > b)


def parse(version):
    """Reads a version."""
    return Version(version)
