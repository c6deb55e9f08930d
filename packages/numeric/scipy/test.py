#!/usr/bin/env python3
"""Minimizes a function, solves a differential equation and a sparse system, and checks each answer."""
import os
import sys

import numpy as np
import scipy
from scipy import integrate, optimize, sparse
from scipy.sparse import linalg

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
print("scipy", scipy.__version__, "with numpy", np.__version__)
found = optimize.minimize(lambda p: (p[0] - 1) ** 2 + (p[1] + 2) ** 2, [0, 0])
assert np.allclose(found.x, [1, -2], atol=1e-4), found
solved = integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0], rtol=1e-8, atol=1e-8)
assert abs(solved.y[0, -1] - np.exp(-1)) < 1e-6, solved
a = sparse.diags([-1.0, 4.0, -1.0], [-1, 0, 1], shape=(50, 50), format="csc")
x = np.arange(50.0)
assert np.allclose(linalg.spsolve(a, a @ x), x)
print("scipy works")
