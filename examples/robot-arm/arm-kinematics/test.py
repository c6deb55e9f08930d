#!/usr/bin/env python3
"""Compares the program with homogeneous transforms in numpy."""
import subprocess

import numpy as np

COLUMN, LINKS = 0.20, (0.40, 0.30, 0.15)


def turn(axis, angle):
    c, s = np.cos(angle), np.sin(angle)
    t = np.eye(4)
    i, j = {"z": (0, 1), "y": (2, 0)}[axis]
    t[i, i], t[i, j], t[j, i], t[j, j] = c, -s, s, c
    return t


def up(length):
    t = np.eye(4)
    t[2, 3] = length
    return t


def forward(base, *angles):
    t = turn("z", base) @ up(COLUMN)
    for angle, length in zip(angles, LINKS):
        t = t @ turn("y", angle) @ up(length)
    return t[:3, 3]


poses = np.random.RandomState(7).uniform(-np.pi, np.pi, (50, 4))
for pose in poses:
    out = subprocess.run(["arm-kinematics", *map(str, pose)], check=True, stdout=subprocess.PIPE).stdout
    assert np.allclose(np.array(out.split(), float), forward(*pose), atol=1e-5), pose
print("%d poses agree" % len(poses))
