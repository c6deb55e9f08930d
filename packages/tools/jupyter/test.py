#!/usr/bin/env python3
"""Runs a notebook, and starts the server, which refuses those without the token."""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)


def answer(url):
    """Returns the status and text of an answer, whatever it is."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as err:
        return err.code, ""


with tempfile.TemporaryDirectory() as work:
    notebook = os.path.join(work, "test.ipynb")
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ["print(6 * 7)"]}
    with open(notebook, "w") as f:
        json.dump({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, f)
    environment = dict(os.environ, HOME=work, JUPYTER_RUNTIME_DIR=os.path.join(work, "runtime"))
    subprocess.run(
        [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace", notebook],
        check=True, env=environment, timeout=300,
    )
    with open(notebook) as f:
        outputs = json.load(f)["cells"][0]["outputs"]
    assert outputs[0]["text"] == ["42\n"], outputs

    server = subprocess.Popen(
        [sys.executable, "-m", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=18888",
         "--NotebookApp.token=secret", "--notebook-dir=" + work], env=environment,
    )
    try:
        for attempt in range(100):
            try:
                status, text = answer("http://127.0.0.1:18888/api/contents?token=secret")
                break
            except urllib.error.URLError:
                assert server.poll() is None, "the server ended"
                time.sleep(0.5)
        else:
            raise AssertionError("the server does not answer")
        assert status == 200 and "test.ipynb" in [entry["name"] for entry in json.loads(text)["content"]], (status, text)
        status, _ = answer("http://127.0.0.1:18888/api/contents")
        assert status == 403, "without the token the server answers %s" % status
    finally:
        server.terminate()
        server.wait(30)
print("jupyter works")
