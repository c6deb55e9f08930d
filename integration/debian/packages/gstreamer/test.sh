set -eu
HOME=$(mktemp -d)
export HOME
gst-inspect-1.0 videotestsrc > "$HOME/log"
gst-launch-1.0 -q videotestsrc num-buffers=3 ! videoconvert ! fakesink
