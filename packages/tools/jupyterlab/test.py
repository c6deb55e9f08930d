#!/usr/bin/env python3
"""Starts the server, which answers those with the token and refuses others."""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


def status(url):
    """Returns the status and text of an answer, whatever it is."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as err:
        return err.code, ""


with tempfile.TemporaryDirectory() as work:
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=18889", "--notebook-dir=" + work],
        env=dict(os.environ, HOME=work, JUPYTER_TOKEN="secret"),
    )
    try:
        for attempt in range(100):
            try:
                code, text = status("http://127.0.0.1:18889/api/status?token=secret")
                break
            except urllib.error.URLError:
                assert server.poll() is None, "the server ended"
                time.sleep(0.5)
        else:
            raise AssertionError("the server does not answer")
        assert code == 200 and "started" in json.loads(text), (code, text)
        code, _ = status("http://127.0.0.1:18889/api/status")
        assert code == 403, "without the token the server answers %s" % code
    finally:
        server.terminate()
        server.wait(30)
print("jupyterlab works")
