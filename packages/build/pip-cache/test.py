#!/usr/bin/env python3
"""Tests pip-first-index against servers of this process, with a pip that only notes how it is called.

FIRST_INDEX names the program's folder, for the machine that it is developed on.
"""
import contextlib
import http.server
import importlib.util
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

FOLDER = os.environ.get("FIRST_INDEX", "/usr/local/lib/pip-first-index")
sys.dont_write_bytecode = True
sys.path.insert(0, FOLDER)
import answers  # noqa: E402
import runpip  # noqa: E402

spec = importlib.util.spec_from_file_location("first_index", os.path.join(FOLDER, "main.py"))
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)
answers.PAUSES = (0, 0)

HTML, JSON = "text/html; charset=UTF-8", "application/vnd.pypi.simple.v1+json"
DIGEST = "a" * 64


def page(*files):
    links = "".join('<a href="../../files/%s#sha256=%s" data-requires-python="&gt;=3.8">%s</a>' % (f, DIGEST, f) for f in files)
    return "<html><head><title>Links for torch</title></head><body>%s</body></html>" % links


class Server:
    """An index: what it answers to a path is (status, type, body), or a list of them, one after the other."""

    def __init__(self, replies, before=0.0):
        outer = self
        self.requests, self.replies = [], {path: list(r) if isinstance(r, list) else [r] for path, r in replies.items()}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append((self.path, dict(self.headers)))
                time.sleep(before)
                found = outer.replies.get(self.path, [(404, HTML, "not found")])
                status, kind, body = found.pop(0) if len(found) > 1 else found[0]
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Location" if status in (301, 302) else "Content-Type", kind)
                    self.end_headers()
                    self.wfile.write(body.encode("utf-8"))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d/simple" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def torch_index(*files):
    return {"/simple/torch/": (200, HTML, page(*files)), "/simple/": (200, HTML, page())}


class Case(unittest.TestCase):
    def setUp(self):
        self.calls, self.pip, self.version = [], {}, {}
        self.records = self.enterContext_(tempfile.TemporaryDirectory())
        self.patch(runpip, "RECORDS", self.records)
        self.patch(program, "run_pip", self.fake_pip)
        self.patch(program, "settings", dict)
        self.patch(program, "installed", self.version.get)
        kept = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(kept)))
        for name in list(os.environ):
            if name.lower().endswith("_proxy") or name.startswith("PIP_"):
                del os.environ[name]
        os.environ["NETRC"] = os.path.join(self.records, "none")

    def enterContext_(self, manager):
        self.addCleanup(manager.__exit__, None, None, None)
        return manager.__enter__()

    def patch(self, module, name, value):
        self.addCleanup(setattr, module, name, getattr(module, name))
        setattr(module, name, value)

    def serve(self, replies, before=0.0):
        server = Server(replies, before)
        self.addCleanup(server.close)
        return server

    def fake_pip(self, arguments, env):
        """Answers as pip does: by index, (exit code, output, version that is then installed)."""
        self.calls.append(arguments)
        index = arguments[arguments.index("--index-url") + 1] if "--index-url" in arguments else None
        if "-c" in arguments:
            with open(arguments[arguments.index("-c") + 1], encoding="utf-8") as file:
                self.calls.append(file.read().split())
            return 0, ""
        code, output, version = self.pip.get(index, (0, "Downloading /files/torch-2.8.0-py3-none-any.whl (1 kB)", "2.8.0"))
        if code == 0:
            self.version["torch"] = version
        return code, output

    def run_program(self, *arguments, indexes=()):
        os.environ["PIP_INDEXES"] = " ".join(indexes)
        with contextlib.redirect_stderr(io.StringIO()) as err, contextlib.redirect_stdout(io.StringIO()) as out:
            code = program.main(list(arguments))
        return code, out.getvalue() + err.getvalue()


class Install(Case):
    def test_first_index_that_has_it(self):
        one, two = self.serve(torch_index("torch-2.8.0-py3-none-any.whl")), self.serve(torch_index("torch-9.0-py3-none-any.whl"))
        os.environ["PIP_INDEX_URL"] = "https://general.example/simple"
        code, text = self.run_program("install", "--only-binary=torch", "torch==2.8.0", indexes=[one.url, two.url])
        self.assertEqual(code, 0, text)
        self.assertEqual(self.calls[0], ["--no-deps", "--index-url", one.url, "--only-binary=torch", "torch==2.8.0"])
        self.assertEqual(two.requests, [], "nobody asks the second")
        self.assertEqual(self.calls[1][:3], ["--index-url", "https://general.example/simple", "-c"])
        self.assertEqual(self.calls[1][-1], "torch==2.8.0")
        self.assertEqual(self.calls[2], ["torch==2.8.0"], "what pip may not replace")
        with open(os.path.join(self.records, "torch.json"), encoding="utf-8") as file:
            got = json.load(file)
        self.assertEqual((got["index"], got["version"], got["sha256"]), (one.url, "2.8.0", DIGEST))
        self.assertTrue(got["url"].endswith("/files/torch-2.8.0-py3-none-any.whl"), got)

    def test_what_was_installed_before_is_kept(self):
        index = self.serve({"/simple/torchvision/": (200, HTML, page("torchvision-0.23.0-py3-none-any.whl"))})
        runpip.record("torch", "2.8.0+cu126", "i", "f", "u", "")
        self.version.update({"torch": "2.8.0+cu126", "torchvision": "0.23.0"})
        self.pip[index.url] = (0, "Downloading torchvision-0.23.0-py3-none-any.whl", "2.8.0+cu126")
        code, text = self.run_program("install", "torchvision==0.23.0", indexes=[index.url])
        self.assertEqual(code, 0, text)
        self.assertEqual(self.calls[2], ["torch==2.8.0+cu126", "torchvision==0.23.0"])

    def fallback(self, bad, *said, kind=None):
        good = self.serve(torch_index("torch-2.8.0-py3-none-any.whl"))
        code, text = self.run_program("install", "--no-deps", "torch==2.8.0", indexes=[bad, good.url])
        self.assertEqual(code, 0, text)
        self.assertIn("torch 2.8.0 is from " + good.url, text)
        for fragment in said + ("warning: " + bad,):
            self.assertIn(fragment, text)

    def test_index_is_down(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.fallback("http://127.0.0.1:%d/simple" % port, "does not answer", "refused", "tried 3 times")

    def test_index_is_silent(self):
        os.environ["PIP_DEFAULT_TIMEOUT"] = "0.2"
        bad = self.serve({}, before=1)
        self.fallback(bad.url, "does not answer", "timed out")

    def test_index_sends_drop_by_drop(self):
        self.patch(answers, "TOTAL", -1)
        bad = self.serve({"/simple/torch/": (200, HTML, page("torch-2.8.0-py3-none-any.whl"))})
        self.assertEqual(answers.ask(bad.url, "torch").kind, answers.SILENT)

    def test_index_answers_503(self):
        bad = self.serve({"/simple/torch/": (503, HTML, "no")})
        self.fallback(bad.url, "HTTP 503, tried 3 times")
        self.assertEqual(len(bad.requests), 3)

    def test_index_answers_503_and_then_well(self):
        index = self.serve({"/simple/torch/": [(503, HTML, "no"), (200, HTML, page("torch-2.8.0-py3-none-any.whl"))]})
        code, text = self.run_program("install", "torch==2.8.0", indexes=[index.url])
        self.assertEqual(code, 0, text)
        self.assertNotIn("warning", text)

    def test_page_is_no_index(self):
        for kind, body in (
            (HTML, "<html><title>Please log in</title><a href='/login'>here</a></html>"),
            (HTML, ""),
            (HTML, '<a href="numpy-1.0-py3-none-any.whl">of another project</a>'),
            ("application/json", "{}"),
            (JSON, "{}"),
            (JSON, '{"files": [{"filename": 1, "url": 2}]}'),
            (JSON, '{"files": [{"filename": "torch-1-py3-none-any.whl", "url": "x", "hashes": []}]}'),
            (JSON, "no JSON"),
            ("application/octet-stream", "x"),
        ):
            with self.subTest(kind=kind, body=body):
                self.fallback(self.serve({"/simple/torch/": (200, kind, body)}).url, "a page that is no index")

    def test_project_is_not_there(self):
        self.fallback(self.serve({}).url, "does not have torch (HTTP 404)")
        self.fallback(self.serve({"/simple/torch/": (403, HTML, "")}).url, "does not have torch, or wants other credentials")
        self.fallback(self.serve({"/simple/torch/": (200, HTML, page())}).url, "has no file of torch")

    def test_no_file_fits(self):
        bad = self.serve(torch_index("torch-2.9.1-cp310-cp310-linux_aarch64.whl", "torch-2.10.0-cp312-cp312-linux_aarch64.whl"))
        self.pip[bad.url] = (1, "ERROR: No matching distribution found for torch==2.8.0", None)
        self.fallback(bad.url, "has 2.9.1 (cp310-cp310-linux_aarch64); 2.10.0 (cp312-cp312-linux_aarch64), none of them fits")

    def test_file_cannot_be_fetched(self):
        bad = self.serve(torch_index("torch-2.8.0-py3-none-any.whl"))
        self.pip[bad.url] = (1, "ERROR: HTTP error 503 while getting http://x", None)
        self.fallback(bad.url, "fails while it sends the file: HTTP error 503")

    def test_wrong_file_ends_all(self):
        bad, good = self.serve(torch_index("torch-2.8.0-py3-none-any.whl")), self.serve(torch_index("torch-2.8.0-py3-none-any.whl"))
        self.pip[bad.url] = (1, "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", None)
        code, text = self.run_program("install", "torch==2.8.0", indexes=[bad.url, good.url])
        self.assertEqual(code, 1)
        self.assertIn("torch==2.8.0 could not be installed from " + bad.url, text)
        self.assertEqual(good.requests, [])

    def test_other_failure_ends_all(self):
        bad = self.serve(torch_index("torch-2.8.0-py3-none-any.whl"))
        self.pip[bad.url] = (1, "ERROR: Could not install packages due to an OSError: No space left on device", None)
        self.assertEqual(self.run_program("install", "torch==2.8.0", indexes=[bad.url, bad.url + "/other"])[0], 1)
        self.assertEqual(len(self.calls), 1)

    def test_no_index_has_it(self):
        one, two = self.serve({}), self.serve({"/simple/torch/": (200, HTML, "<p>portal</p>")})
        code, text = self.run_program("install", "torch==2.8.0", indexes=[one.url, two.url])
        self.assertEqual(code, 1)
        for fragment in ("no index has torch==2.8.0 for Python", "  1  %s  does not have torch" % one.url, "  2  %s  answers with a page" % two.url):
            self.assertIn(fragment, text)
        self.assertEqual(self.calls, [])

    def test_silent_index_is_asked_once(self):
        bad = self.serve({"/simple/torch/": (503, HTML, "no")})
        good = self.serve({**torch_index("torch-2.8.0-py3-none-any.whl"), "/simple/other/": (200, HTML, page())})
        self.run_program("install", "torch==2.8.0", "other", indexes=[bad.url, good.url])
        self.assertEqual([path for path, _ in bad.requests], ["/simple/torch/"] * 3)

    def test_list_without_indexes(self):
        code, text = self.run_program("install", "torch==2.8.0")
        self.assertEqual(code, 1)
        self.assertIn("no index has CUDA wheels for this target", text)

    def test_general_index_can_be_left_out(self):
        index = self.serve(torch_index("torch-9.0-py3-none-any.whl"))
        os.environ["PIP_INDEX_URL"] = index.url + "/"
        self.assertEqual(self.run_program("install", "--no-general", "torch", indexes=["general"])[0], 1)
        self.assertEqual(self.run_program("install", "torch", indexes=["general"])[0], 1, "the fake pip takes a file that the index does not have")
        self.assertEqual(len(self.calls), 1)

    def test_file_by_its_address(self):
        url = "https://files.example/jp/torch-2.8.0-py3-none-any.whl"
        code, text = self.run_program("install", "torch @ %s#sha256=%s" % (url, DIGEST), "--no-deps")
        self.assertEqual(code, 0, text)
        self.assertEqual(self.calls, [["--no-deps", "torch @ %s#sha256=%s" % (url, DIGEST)]])
        with open(os.path.join(self.records, "torch.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["sha256"], DIGEST)

    def test_options_that_choose_an_index_are_refused(self):
        for option in ("--index-url=https://u:secret@x", "--extra-index-url", "-ihttps://x", "-f", "--find-links=x", "--no-index"):
            code, text = self.run_program("install", option, "torch")
            self.assertEqual(code, 1, option)
            self.assertIn("set PIP_INDEXES", text)
            self.assertNotIn("secret", text)

    def test_requirements(self):
        for text in ("", "./torch", "https://x/torch.whl", "a b"):
            self.assertEqual(self.run_program("install", text, indexes=["https://x"])[0], 1, text)
        for text, project, extras in (("Torch_A.b==1", "torch-a-b", ""), ("torch[cuda] >= 1", "torch", "[cuda]"), ("torch", "torch", "")):
            wanted = program.Wanted(text)
            self.assertEqual((wanted.project, wanted.extras), (project, extras))
        self.assertEqual(self.run_program("install")[0], 1)
        self.assertEqual(self.run_program("instal")[0], 2)


class Pages(Case):
    def files(self, reply, project="torch"):
        return answers.ask(self.serve({"/simple/%s/" % project: reply}).url, project).files

    def test_json(self):
        found = self.files((200, JSON, json.dumps({"files": [{"filename": "torch-1-py3-none-any.whl", "url": "../f/torch-1-py3-none-any.whl", "hashes": {"sha256": DIGEST}}]})))
        self.assertEqual(list(found), ["torch-1-py3-none-any.whl"])
        self.assertTrue(found["torch-1-py3-none-any.whl"][0].endswith("/simple/f/torch-1-py3-none-any.whl"))
        self.assertEqual(found["torch-1-py3-none-any.whl"][1], DIGEST)

    def test_html(self):
        found = self.files((200, HTML, page("torch-2.8.0%2Bcu126-cp312-cp312-linux_x86_64.whl", "torch-2.7.tar.gz", "torchvision-1-py3-none-any.whl")))
        self.assertEqual(list(found), ["torch-2.8.0+cu126-cp312-cp312-linux_x86_64.whl", "torch-2.7.tar.gz"])

    def test_names(self):
        for file, project in (
            ("torch_tensorrt-2.8.0-cp310-cp310-linux_aarch64.whl", "torch-tensorrt"),
            ("torch-2.8.0-1-cp310-cp310-manylinux_2_28_aarch64.manylinux2014_aarch64.whl", "torch"),
            ("nvidia-cudss-cu12-0.7.tar.gz", "nvidia-cudss-cu12"),
        ):
            self.assertTrue(answers.belongs(file, project), file)
        for file in ("torch-1.whl", "torch.whl", "torch-2.8-py3-none-any.whl.metadata", "torch-2.8.exe", "torch", "torchvision-1-py3-none-any.whl", "atorch-1.zip"):
            self.assertFalse(answers.belongs(file, "torch"), file)

    def test_redirect(self):
        index = self.serve({"/simple/torch/": (302, "/+simple/torch/", ""), "/+simple/torch/": (200, HTML, page("torch-1-py3-none-any.whl"))})
        os.environ["NETRC"] = self.netrc("machine 127.0.0.1 login user password word\n")
        self.assertEqual(list(answers.ask(index.url, "torch").files), ["torch-1-py3-none-any.whl"])
        self.assertEqual([h.get("Authorization") for _, h in index.requests], ["Basic dXNlcjp3b3Jk"] * 2)
        self.assertTrue(index.requests[0][1]["User-Agent"].startswith("pip/"), "devpi knows installers by it")
        self.assertIn("simple.v1+json", index.requests[0][1]["Accept"])

    def netrc(self, text):
        path = os.path.join(self.records, "netrc")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def test_credentials_stay_with_their_host(self):
        other = self.serve({"/x/": (200, HTML, page("torch-1-py3-none-any.whl"))})
        there = other.url.replace("127.0.0.1", "localhost").replace("/simple", "/x/")
        index = self.serve({"/simple/torch/": (302, there, "")})
        answer = answers.ask(index.url.replace("://", "://user:word@"), "torch")
        self.assertEqual(answer.kind, answers.HAS)
        self.assertEqual(index.requests[0][1]["Authorization"], "Basic dXNlcjp3b3Jk")
        self.assertNotIn("Authorization", other.requests[0][1])

    def test_credentials_are_not_shown(self):
        index = self.serve({})
        code, text = self.run_program("install", "torch", indexes=[index.url.replace("://", "://user:word@")])
        self.assertEqual(code, 1)
        self.assertIn("://***@127.0.0.1", text)
        for secret in ("user:", "word"):
            self.assertNotIn(secret, text)

    def test_no_credentials_for_another_scheme(self):
        with self.assertRaises(answers.urllib.error.URLError):
            answers.SameHost().redirect_request(answers.request("https://a/"), None, 302, "", {}, "http://a/")


class Check(Case):
    def general(self):
        os.environ["PIP_INDEX_URL"] = self.serve({"/simple/pip/": (200, HTML, page("pip-1-py3-none-any.whl"))}).url

    def test_table(self):
        self.general()
        one, gone = self.serve(torch_index("torch-2.8.0-py3-none-any.whl")), self.serve({})
        without = self.serve({"/simple/": (200, HTML, page())})
        code, text = self.run_program("check", indexes=[one.url, gone.url, without.url])
        self.assertEqual(code, 0, text)
        for fragment in ("  1  %s  has 2.8.0 (py3-none-any)" % one.url, "  2  %s  is no index: " % gone.url, "  3  %s  does not have torch" % without.url, "everything else is from", "which answers"):
            self.assertIn(fragment, text)

    def test_none_answers(self):
        self.general()
        gone, portal = self.serve({}), self.serve({"/simple/torch/": (200, HTML, "<p>portal</p>")})
        code, text = self.run_program("check", indexes=[gone.url, portal.url])
        self.assertEqual(code, 1)
        self.assertIn("none of the indexes answers", text)
        self.assertIn("  2  %s  answers with a page that is no index" % portal.url, text)

    def test_list_without_indexes(self):
        self.general()
        code, text = self.run_program("check")
        self.assertEqual(code, 0, text)
        self.assertIn("there is no index with CUDA wheels for this target", text)

    def test_credentials_in_urls(self):
        code, text = self.run_program("check", indexes=["https://user:word@x/simple"])
        self.assertEqual(code, 1)
        self.assertIn("give a netrc file as secret netrc", text)
        self.assertNotIn("word", text)

    def test_list(self):
        os.environ["PIP_INDEX_URL"] = "https://g/simple/"
        code, text = self.run_program("list", indexes=["https://a/x/", "general", "https://u:p@b", "https://a/x"])
        self.assertEqual((code, text), (0, "https://a/x\nhttps://g/simple\nhttps://***@b\n"))
        self.assertEqual(self.run_program("list", indexes=["a/x"])[0], 1)


class Settings(Case):
    def test_nothing_else_has_a_say(self):
        """With the real pip: pip.conf and variables may set proxies and certificates, but add no index."""
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write("[global]\nextra-index-url = https://evil.example/simple\ntrusted-host =\n  a.example\n  b.example\n[install]\nfind-links = /x\n")
            conf.flush()
            os.environ.update(PIP_CONFIG_FILE=conf.name, PIP_EXTRA_INDEX_URL="https://evil.example", PIP_CONSTRAINT="/c.txt", PIP_INDEX_URL="https://g")
            env = runpip.settings()
            listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], env=env, stdout=subprocess.PIPE, check=True)
        text = listed.stdout.decode("utf-8")
        for name in ("index-url", "index_url", "find-links", "find_links"):
            self.assertNotIn(name, text)
        self.assertEqual((env["PIP_TRUSTED_HOST"], env["PIP_CONSTRAINT"]), ("a.example b.example", "/c.txt"))

    def test_conflict_with_a_constraint(self):
        """Of a constraint on a version that an index does not have pip says the same as of one on another version."""
        for file, specifier, kind in (
            ("torch-2.9-py3-none-any.whl", "==2.9", None),
            ("torch-2.9+cu126-py3-none-any.whl", "==2.9", None),
            ("torch-2.9.tar.gz", ">=2", None),
            ("torch-2.8-py3-none-any.whl", "==2.9", answers.LACKS),
            ("torch-2.9-cp20-cp20-linux_x86_64.whl", "", answers.LACKS),
        ):
            self.assertEqual(runpip.failure("ResolutionImpossible", [file], specifier)[0], kind, file)

    def test_failures(self):
        for output, kind in (
            ("ERROR: Could not find a version that satisfies the requirement x", answers.LACKS),
            ("urllib3.exceptions.ReadTimeoutError: HTTPConnectionPool(host='x', port=1): Read timed out.", answers.SILENT),
            ("ERROR: Exception: ... ConnectionResetError(104, 'Connection reset by peer')", answers.SILENT),
            ("ERROR: 502 Server Error: Bad Gateway for url: x", answers.SILENT),
            ("ERROR: Cannot install torch==2.9 because …\nERROR: ResolutionImpossible: for help", None),
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\nsocket timed out", None),
        ):
            self.assertEqual(runpip.failure(output, ["torch-2.9-py3-none-any.whl"], "==2.9")[0], kind, output)


if __name__ == "__main__":
    unittest.main()
