#!/usr/bin/env python3
"""Checks the parts of the standard library that a bare python3 may lack."""
import ctypes
import hashlib
import json
import sqlite3
import ssl
import subprocess
import sys
import sysconfig
import venv

print("python", sys.version)
assert sys.version_info >= (3, 6)
assert json.loads('{"a": [1]}') == {"a": [1]}
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert ctypes.sizeof(ctypes.c_void_p) == 8
assert sqlite3.connect(":memory:").execute("select 1").fetchone() == (1,)
assert sysconfig.get_path("include")
assert venv.EnvBuilder
print(ssl.OPENSSL_VERSION)
subprocess.run([sys.executable, "-m", "pip", "--version"], check=True)
