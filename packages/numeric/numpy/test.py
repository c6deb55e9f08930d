#!/usr/bin/env python3
"""Solves a linear system and checks the answer."""
import numpy as np

print("numpy", np.__version__)
rng = np.random.RandomState(1)
a = rng.randn(64, 64) + 64 * np.eye(64)
x = rng.randn(64)
assert np.allclose(np.linalg.solve(a, a @ x), x)
u, s, vt = np.linalg.svd(a)
assert np.allclose(u * s @ vt, a)
print("numpy works")
