#!/usr/bin/env python3
"""Solves a linear system with the target's Python and checks the answer."""
import os
import sys

import numpy as np

print("numpy", np.__version__)
version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
rng = np.random.RandomState(1)
a = rng.randn(64, 64) + 64 * np.eye(64)
x = rng.randn(64)
assert np.allclose(np.linalg.solve(a, a @ x), x)
u, s, vt = np.linalg.svd(a)
assert np.allclose(u * s @ vt, a)
print("numpy works")
