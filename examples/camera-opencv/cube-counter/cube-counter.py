#!/usr/bin/env python3
"""Prints how many bright cubes each frame has that a GStreamer source gives: cube-counter 'v4l2src device=/dev/video0'."""
import sys

import cv2
import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402, F401

WIDTH, HEIGHT = 320, 240


def count(gray):
    """Returns how many bright spots of at least 100 pixels an image has."""
    _, bright = cv2.threshold(gray, 128, 255, cv2.THRESH_BINARY)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return sum(cv2.contourArea(c) >= 100 for c in contours)


def frames(source):
    """Yields the frames of a source, until it ends."""
    Gst.init(None)
    pipeline = Gst.parse_launch(
        source + " ! videoconvert ! videoscale ! video/x-raw,format=GRAY8,width=%d,height=%d ! appsink name=sink max-buffers=1 drop=true"
        % (WIDTH, HEIGHT)
    )
    sink = pipeline.get_by_name("sink")
    pipeline.set_state(Gst.State.PLAYING)
    try:
        while True:
            sample = sink.emit("pull-sample")
            if sample is None:
                return
            buffer = sample.get_buffer()
            yield np.frombuffer(buffer.extract_dup(0, buffer.get_size()), np.uint8).reshape(HEIGHT, WIDTH)
    finally:
        pipeline.set_state(Gst.State.NULL)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for gray in frames(sys.argv[1]):
        print(count(gray), flush=True)


if __name__ == "__main__":
    main()
