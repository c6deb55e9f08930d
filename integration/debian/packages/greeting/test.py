import importlib.metadata, subprocess

assert importlib.metadata.version("greeting") == "1.0"
assert subprocess.run(["greet"], capture_output=True, text=True, check=True).stdout == "hello from a wheel\n"
