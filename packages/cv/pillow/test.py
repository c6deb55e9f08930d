#!/usr/bin/env python3
"""Draws an image, writes it as PNG and JPEG, and reads both again."""
import io
import os
import sys

import PIL
from PIL import Image, ImageDraw

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
print("pillow", PIL.__version__)
image = Image.new("RGB", (64, 48), "white")
ImageDraw.Draw(image).rectangle((8, 8, 40, 40), fill=(255, 0, 0))
for form, tolerance in (("PNG", 0), ("JPEG", 12)):
    file = io.BytesIO()
    image.save(file, form)
    read = Image.open(io.BytesIO(file.getvalue()))
    read.load()
    assert read.format == form and read.size == (64, 48), read
    for at, color in (((20, 20), (255, 0, 0)), ((60, 4), (255, 255, 255))):
        got = read.convert("RGB").getpixel(at)
        assert all(abs(g - c) <= tolerance for g, c in zip(got, color)), (form, at, got)
print("pillow works")
