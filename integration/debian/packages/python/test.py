import json, sqlite3, ssl, subprocess, sys, tempfile, venv

assert sqlite3.connect(":memory:").execute("select 1").fetchone() == (1,)
with tempfile.TemporaryDirectory() as folder:
    venv.EnvBuilder(with_pip=False).create(folder)
    subprocess.run([folder + "/bin/python", "-c", "import json"], check=True)
subprocess.run([sys.executable, "-m", "pip", "check"], check=True)
print(json.dumps({"python": sys.version, "ssl": ssl.OPENSSL_VERSION}))
