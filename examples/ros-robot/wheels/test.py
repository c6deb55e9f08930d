#!/usr/bin/env python3
"""Checks the speeds of the wheels."""
import sys

sys.path.insert(0, "/opt/wheels")
import wheels  # noqa: E402

assert wheels.speeds(0.1, 0) == (2.0, 2.0), wheels.speeds(0.1, 0)
left, right = wheels.speeds(0, 1)
assert abs(left + 3) < 1e-9 and abs(right - 3) < 1e-9, (left, right)
print("wheels works")
