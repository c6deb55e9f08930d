#!/usr/bin/env python3
"""Takes frames out of a pipeline by an appsink, as programs with cameras do."""
import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402, F401

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
Gst.init(None)
print(Gst.version_string())
pipeline = Gst.parse_launch(
    "videotestsrc num-buffers=5 pattern=white ! video/x-raw,format=GRAY8,width=64,height=48 ! appsink name=sink"
)
sink = pipeline.get_by_name("sink")
pipeline.set_state(Gst.State.PLAYING)
frames = 0
while True:
    sample = sink.emit("try-pull-sample", 20 * Gst.SECOND)
    if sample is None:
        break
    data = sample.get_buffer().extract_dup(0, sample.get_buffer().get_size())
    assert len(data) == 64 * 48 and min(data) > 200, (len(data), min(data))
    frames += 1
pipeline.set_state(Gst.State.NULL)
assert frames == 5, frames
print("gstreamer works")
