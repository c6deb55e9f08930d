import numpy as np

a = np.arange(9.0).reshape(3, 3) + 9 * np.eye(3)
assert np.allclose(np.linalg.solve(a, a @ np.ones(3)), np.ones(3))
print("numpy", np.__version__)
