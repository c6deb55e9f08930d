#!/usr/bin/env bash
# Encodes a video in a pipeline, decodes it again, and compiles a program with GStreamer.
set -euo pipefail

gst-launch-1.0 --version
work=$(mktemp -d)
timeout 120 gst-launch-1.0 -q videotestsrc num-buffers=20 ! video/x-raw,width=320,height=240 ! jpegenc ! avimux ! filesink location="$work/test.avi"
timeout 120 gst-launch-1.0 -q filesrc location="$work/test.avi" ! avidemux ! jpegdec ! videoconvert ! video/x-raw,format=GRAY8 ! filesink location="$work/test.gray"
test "$(stat --format %s "$work/test.gray")" = $((20 * 320 * 240))
cat >"$work/version.c" <<'C'
#include <gst/gst.h>
int main(void) {
  gst_init(NULL, NULL);
  GstElement *source = gst_element_factory_make("videotestsrc", NULL);
  return source == NULL;
}
C
# shellcheck disable=SC2046 # the flags are words
gcc -o "$work/version" "$work/version.c" $(pkg-config --cflags --libs gstreamer-1.0)
"$work/version"
