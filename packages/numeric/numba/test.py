#!/usr/bin/env python3
"""Compiles two functions and compares them with what Python itself computes."""
import os
import sys

import numba
import numpy as np

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
print("numba", numba.__version__, "with numpy", np.__version__)


@numba.njit
def triangle(n):
    total = 0
    for i in range(n + 1):
        total += i
    return total


@numba.vectorize(["float64(float64, float64)"])
def hypotenuse(a, b):
    return (a * a + b * b) ** 0.5


assert triangle(1000) == 500500
assert triangle.signatures, "the function was not compiled"
a = np.linspace(0, 1, 1000)
assert np.allclose(hypotenuse(a, 2 * a), np.hypot(a, 2 * a))
print("numba works")
