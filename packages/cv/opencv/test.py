#!/usr/bin/env python3
"""Finds a square's corners, a moved image, and a face of a cube seen by a camera, and checks each."""
import os
import sys

import cv2
import numpy as np

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
print("opencv", cv2.__version__, "with numpy", np.__version__)
image = np.zeros((120, 160, 3), np.uint8)
cv2.rectangle(image, (40, 30), (100, 90), (255, 255, 255), -1)
gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
contours, _ = cv2.findContours(gray, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
assert len(contours) == 1 and cv2.boundingRect(contours[0]) == (40, 30, 61, 61), contours
assert cv2.Canny(gray, 50, 150).any()

moved = cv2.warpAffine(gray, np.float32([[1, 0, 7], [0, 1, -5]]), (160, 120))
(dx, dy), _ = cv2.phaseCorrelate(np.float64(gray), np.float64(moved))
assert abs(dx - 7) < 0.5 and abs(dy + 5) < 0.5, (dx, dy)

square = np.float32([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
camera = np.float64([[200, 0, 80], [0, 200, 60], [0, 0, 1]])
seen, _ = cv2.projectPoints(square, np.zeros(3), np.float64([0.1, -0.2, 5]), camera, None)
ok, _, position = cv2.solvePnP(square, seen, camera, None)
assert ok and np.allclose(position.ravel(), [0.1, -0.2, 5], atol=1e-3), position

ok, jpeg = cv2.imencode(".jpg", image)
assert ok and np.abs(cv2.imdecode(jpeg, cv2.IMREAD_COLOR).astype(int) - image).mean() < 2
print("opencv works")
