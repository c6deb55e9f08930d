#!/usr/bin/env python3
"""Checks that this is the target's Python, with the parts of the standard library that a bare python3 may lack."""
import ctypes
import hashlib
import json
import os
import sqlite3
import ssl
import subprocess
import sys
import sysconfig
import venv

print("python", sys.version)
version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
assert json.loads('{"a": [1]}') == {"a": [1]}
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert ctypes.sizeof(ctypes.c_void_p) == 8
assert sqlite3.connect(":memory:").execute("select 1").fetchone() == (1,)
assert sysconfig.get_path("include")
assert venv.EnvBuilder
print(ssl.OPENSSL_VERSION)
subprocess.run([sys.executable, "-m", "pip", "--version"], check=True)
