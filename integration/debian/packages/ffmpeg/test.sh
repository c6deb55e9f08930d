set -eu
dir=$(mktemp -d)
ffmpeg -v error -f lavfi -i testsrc=size=64x64:rate=5 -t 1 -c:v mpeg4 "$dir/a.mkv"
test "$(ffprobe -v error -show_entries stream=width -of csv=p=0 "$dir/a.mkv")" = 64
