"""Runs the config.py files of one tree of packages and writes what they declare.

    python3 runner.py REQUEST RESULT ROOT

REQUEST and RESULT are JSON files (configpy.Request and Result), ROOT is
the tree. The files run in a worker process that cannot write, start processes
or use a network. This process watches it: a file that hangs, dies or floods the
pipes fails alone, and a new worker goes on with the file after it.
"""

import sys

if sys.version_info < (3, 8):
    sys.exit("config.py files need Python 3.8 or later, and this is %d.%d" % sys.version_info[:2])

import json
import os
import select
import signal
import time

import jetkit_worker

# Defaults of the request's limits: seconds, seconds, MiB.
WALL_LIMIT = 60
FILE_LIMIT = 10
MEMORY_LIMIT = 1024

MAX_RESULT = 4 << 20  # bytes of one file's result
MAX_OUTPUT = 2000  # bytes of what it prints that are worth keeping


class Worker:
    """A process that runs the folders from one index on, in order."""

    def __init__(self, request, root, first, memory, seconds):
        results, results_in = os.pipe()
        output, output_in = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(results)
            os.close(output)
            jetkit_worker.main(request, root, first, results_in, output_in, memory, seconds)
        os.close(results_in)
        os.close(output_in)
        self.results, self.output = results, output
        for fd in (results, output):
            os.set_blocking(fd, False)
        self.pending, self.printed = b"", b""

    def next(self, index, deadline):
        """Gives the result of one folder, and whether the worker is still good."""
        while b"\n" not in self.pending:
            left = deadline() - time.monotonic()
            if left <= 0:
                return self.failed("it runs longer than it may"), False
            for fd in select.select([self.results, self.output], [], [], left)[0]:
                if fd == self.output:
                    self.read_output()
                elif not self.read_result():
                    return self.failed(self.how_it_ended()), False
            if len(self.pending) > MAX_RESULT:
                return self.failed("its result is larger than %d MiB" % (MAX_RESULT >> 20)), False
        line, self.pending = self.pending.split(b"\n", 1)
        self.read_output()
        try:
            result = json.loads(line)
            good = result.pop("index") == index
        except Exception:
            good = False
        if not good:
            return self.failed("it wrote something else than its result"), False
        return self.with_output(result), True

    def read_result(self):
        """Reads results; false at their end."""
        chunk = os.read(self.results, 1 << 16)
        self.pending += chunk
        return chunk != b""

    def read_output(self):
        """Reads what was printed and keeps the beginning."""
        try:
            for _ in range(64):
                chunk = os.read(self.output, 1 << 16)
                self.printed = (self.printed + chunk)[: MAX_OUTPUT + 1]
                if not chunk:
                    return
        except BlockingIOError:
            pass

    def how_it_ended(self):
        """Says how the worker died."""
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number == signal.SIGXCPU:
                return "it uses more processor time than it may"
            return "Python was killed by signal %d" % number
        return "it ended Python with exit code %d and gave no result" % os.WEXITSTATUS(status)

    def failed(self, message):
        self.read_output()
        return self.with_output({"error": {"message": message, "temporary": True}})

    def with_output(self, result):
        text = self.printed[:MAX_OUTPUT].decode("utf-8", "replace")
        if len(self.printed) > MAX_OUTPUT:
            text += "..."
        if text:
            result["output"] = text
        self.printed = b""
        return result

    def stop(self):
        """Ends the worker with all it may have started."""
        for fd in (self.results, self.output):
            os.close(fd)
        if self.pid:
            for kill in (os.killpg, os.kill):
                try:
                    kill(self.pid, signal.SIGKILL)
                except OSError:
                    pass
            os.waitpid(self.pid, 0)


def run(request, root):
    """Gives a result for each folder of the request."""
    limits = request.get("limits") or {}
    wall = limits.get("wall_seconds") or WALL_LIMIT
    each = limits.get("file_seconds") or FILE_LIMIT
    memory = limits.get("memory_mib") or MEMORY_LIMIT
    end = time.monotonic() + wall
    folders, results = request["folders"], []
    while len(results) < len(folders):
        if time.monotonic() >= end:
            results.append({"error": {"message": "the time for all config.py files was over before it ran", "temporary": True}})
            continue
        worker = Worker(request, root, len(results), memory, wall)
        good = True
        while good and len(results) < len(folders):
            until = min(time.monotonic() + each, end)
            result, good = worker.next(len(results), lambda: until)
            results.append(result)
        worker.stop()
    return results


def main():
    request_file, result_file, root = sys.argv[1:]
    with open(request_file, encoding="utf-8") as file:
        request = json.load(file)
    dt = json.dumps({"folders": run(request, os.path.realpath(root))}, ensure_ascii=False, separators=(",", ":"))
    with open(result_file, "w", encoding="utf-8") as file:
        file.write(dt.encode("utf-8", "replace").decode("utf-8"))


main()
