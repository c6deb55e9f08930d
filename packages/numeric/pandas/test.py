#!/usr/bin/env python3
"""Reads a table, groups it, and checks the sums."""
import io
import os
import sys

import pandas as pd

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
print("pandas", pd.__version__)
table = pd.read_csv(io.StringIO("robot,meters\narm,1.5\nrover,20\narm,2.5\n"))
sums = table.groupby("robot")["meters"].sum()
assert sums["arm"] == 4.0 and sums["rover"] == 20.0, sums
times = pd.date_range("2026-01-01", periods=4, freq="D")
assert pd.Series(range(4), index=times).rolling(2).mean().iloc[-1] == 2.5
print("pandas works")
