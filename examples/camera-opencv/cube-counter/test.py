#!/usr/bin/env python3
"""Lets the program count in frames that need no camera: none in black ones, one ball in a moving one."""
import subprocess


def counts(source):
    """Returns what the program prints for a source."""
    out = subprocess.run(["cube-counter", source], stdout=subprocess.PIPE, check=True, timeout=120)
    return [int(line) for line in out.stdout.decode().split()]


black = counts("videotestsrc num-buffers=3 pattern=black ! video/x-raw,width=320,height=240")
assert black and set(black) == {0}, black
ball = counts("videotestsrc num-buffers=3 pattern=ball ! video/x-raw,width=320,height=240")
assert ball and set(ball) == {1}, ball
assert subprocess.run(["cube-counter"], stderr=subprocess.PIPE).returncode == 1
print("cube-counter works")
