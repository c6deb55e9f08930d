"""Asks indexes for projects: HTTP, and the pages of PEP 503 and PEP 691."""
import base64
import html.parser
import itertools
import json
import netrc
import os
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request

TRIES = 3
PAUSES = (1, 2)  # seconds after the first and the second try
TOTAL = 60  # seconds that one answer may take, however slowly it comes
LARGEST = 64 << 20  # bytes of a page
ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
# devpi gives its simple pages at the short address only to installers, which it knows by their first word.
AGENT = "pip/22.0 pip-first-index"
ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")

# What an index said of a project. The first two answer.
HAS, LACKS, SILENT, FAULTY = "has", "lacks", "silent", "faulty"


def normal(name):
    """A project's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Answer:
    """What an index said: its kind, why, and its files by name, as (URL, sha256 or "")."""

    def __init__(self, kind, why, files=()):
        self.kind, self.why, self.files = kind, why, dict(files)


class Page(html.parser.HTMLParser):
    """Links of a page, and whether it says that it is an index's."""

    def __init__(self):
        super().__init__()
        self.links, self.index, self.titled = [], False, False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.titled = tag == "title"
        self.index = self.index or tag == "meta" and (attrs.get("name") or "").startswith("pypi:")
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])

    def handle_data(self, data):
        if self.titled:
            self.index = self.index or bool(re.search(r"links for |simple index", data, re.I))

    def handle_endtag(self, tag):
        self.titled = False


def belongs(file, project):
    """Whether a file's name is that of a wheel or a source of the project. Of sources all up to the last dash before a digit is the project's."""
    match = re.match(r"(.+?)-\d[^-]*(-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$" if file.endswith(".whl") else r"(.+)-\d", file)
    return bool(match) and file.endswith(ARCHIVES) and normal(match.group(1)) == project


def read_files(url, kind, body, project):
    """The project's files on a page, or None if the page is no index's."""
    if kind == "application/vnd.pypi.simple.v1+json":
        try:
            entries = json.loads(body.decode("utf-8"))["files"]
            found = [(e["filename"], urllib.parse.urljoin(url, e["url"]), e.get("hashes", {}).get("sha256", "")) for e in entries]
            return {name: (link, digest) for name, link, digest in found if belongs(name, project)}
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
    if kind not in ("text/html", "application/vnd.pypi.simple.v1+html"):
        return None
    page, files = Page(), {}
    page.feed(body.decode("utf-8", "replace"))
    for link in page.links:
        where, _, fragment = urllib.parse.urljoin(url, link).partition("#")
        name = urllib.parse.unquote(urllib.parse.urlsplit(where).path.rsplit("/", 1)[-1])
        if belongs(name, project):
            digest = re.match(r"sha256=([0-9a-fA-F]{64})", fragment)
            files[name] = (where, digest.group(1).lower() if digest else "")
    # A portal's page has links too, but none to a file of the project.
    return files if files or page.index else None


class SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects, with credentials only within one host, and never from https to http."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if old.scheme == "https" and new.scheme != "https":
            raise urllib.error.URLError("it redirects from https to %s" % new.scheme)
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        if made and (old.scheme, old.netloc) == (new.scheme, new.netloc) and req.has_header("Authorization"):
            made.add_unredirected_header("Authorization", req.get_header("Authorization"))
        return made


def credentials(parts):
    """User and password of a URL: its own, else those of ~/.netrc, as pip finds them."""
    if parts.username:
        return urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
    file = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")
    try:
        found = netrc.netrc(file).authenticators(parts.hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0], found[2] or "") if found else None


def request(url):
    parts = urllib.parse.urlsplit(url)
    bare = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    made = urllib.request.Request(bare, headers={"Accept": ACCEPT, "User-Agent": AGENT, "Cache-Control": "max-age=0"})
    who = credentials(parts)
    if who:
        token = base64.b64encode(("%s:%s" % who).encode("utf-8")).decode("ascii")
        made.add_unredirected_header("Authorization", "Basic " + token)
    return made


def certificates(url):
    """What pip's own settings say about certificates."""
    parts = urllib.parse.urlsplit(url)
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or os.environ.get("REQUESTS_CA_BUNDLE"))
    host = parts.netloc.rpartition("@")[2]
    if {host, parts.hostname} & set(os.environ.get("PIP_TRUSTED_HOST", "").split()):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def timeout():
    text = os.environ.get("PIP_DEFAULT_TIMEOUT", "")
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) and float(text) > 0 else 15.0


def get(url, most):
    """Content type, body and final URL, of at most that many bytes."""
    handlers = [SameHost()]
    if url.startswith("https:"):  # reading the system's certificates takes a while
        handlers.append(urllib.request.HTTPSHandler(context=certificates(url)))
    end = time.monotonic() + TOTAL
    with urllib.request.build_opener(*handlers).open(request(url), timeout=timeout()) as response:
        body = b""
        while len(body) < most:
            part = response.read1(min(1 << 16, most - len(body)))
            if not part:
                break
            body += part
            if time.monotonic() > end:
                raise OSError("it sends too slowly: no whole page within %d seconds" % TOTAL)
        return response.headers.get_content_type(), body, response.geturl()


def try_get(url, most=LARGEST):
    """A get that is tried again; (status, page), where the status is the reason if there is no answer."""
    for attempt in range(TRIES):
        try:
            return 200, get(url, most)
        except urllib.error.HTTPError as err:
            err.close()
            if err.code < 500 and err.code != 429:
                return err.code, None
            why = "HTTP %d" % err.code
        except Exception as err:  # urllib lets errors of sockets, TLS and http.client through as they are
            why = str(getattr(err, "reason", "") or err) or type(err).__name__
        if attempt < TRIES - 1:
            time.sleep(PAUSES[attempt])
    return "%s, tried %d times" % (why, TRIES), None


def ask(index, project):
    """Asks an index for a project."""
    status, page = try_get("%s/%s/" % (index, project))
    if status == 200:
        kind, body, url = page
        files = read_files(url, kind, body, project)
        if files is None:
            return Answer(FAULTY, "answers with a page that is no index (%s)" % kind)
        if not files:
            return Answer(LACKS, "has no file of %s" % project)
        return Answer(HAS, "has %s" % described(files), files)
    if status in (404, 410):
        return Answer(LACKS, "does not have %s (HTTP %d)" % (project, status))
    if status in (401, 403):
        # Some stores say so of what they do not have, download.pytorch.org for one.
        return Answer(LACKS, "does not have %s, or wants other credentials (HTTP %d)" % (project, status))
    if isinstance(status, int):
        return Answer(FAULTY, "answers HTTP %d" % status)
    return Answer(SILENT, "does not answer: " + status)


def version_and_tags(file):
    """The version in a file's name, and its tags one by one; of sources none."""
    if not file.endswith(".whl"):
        return re.sub(r".*-(\d.*?)\.(tar.*|zip|tgz)$", r"\1", file), set()
    parts = file[: -len(".whl")].split("-")
    pythons, abis, platforms = (part.split(".") for part in parts[-3:])
    return parts[1], {"-".join(tag) for tag in itertools.product(pythons, abis, platforms)}


def described(files):
    """Versions and tags of files, for messages: the last eight of them."""
    found = {}
    for name in files:
        version, tags = version_and_tags(name)
        found.setdefault(version, set()).update(tags or {"source"})
    ordered = sorted(found, key=lambda v: [int(n) for n in re.findall(r"\d+", v)])
    shown = ["%s (%s)" % (v, ", ".join(sorted(found[v])[:6])) for v in ordered[-8:]]
    return ("… " if len(ordered) > 8 else "") + "; ".join(shown)
