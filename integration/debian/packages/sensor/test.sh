set -eu
test "$(sensor)" = "reading at 50 Hz"
case :$LD_LIBRARY_PATH: in *:/opt/sensor/lib:*) ;; *) exit 1 ;; esac
