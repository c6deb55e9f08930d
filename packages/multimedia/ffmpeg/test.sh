#!/usr/bin/env bash
# Makes a video with sound, encodes it, and checks what a decoder finds in it.
set -euo pipefail

ffmpeg -hide_banner -version
work=$(mktemp -d)
ffmpeg -hide_banner -loglevel error -f lavfi -i testsrc=size=320x240:rate=10:duration=2 \
    -f lavfi -i sine=frequency=440:duration=2 -c:v mpeg4 -c:a aac "$work/test.mp4"
probe() { ffprobe -v error -select_streams "$1" -show_entries "stream=$2" -of csv=p=0 "$work/test.mp4"; }
test "$(probe v:0 codec_name,width,height)" = mpeg4,320,240
test "$(probe a:0 codec_name)" = aac
test "$(ffprobe -v error -count_frames -select_streams v:0 -show_entries stream=nb_read_frames -of csv=p=0 "$work/test.mp4")" = 20
ffmpeg -hide_banner -loglevel error -i "$work/test.mp4" -frames:v 1 "$work/frame.png"
test -s "$work/frame.png"
