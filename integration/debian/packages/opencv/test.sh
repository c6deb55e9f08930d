set -eu
dir=$(mktemp -d)
cat > "$dir/a.cpp" <<'END'
#include <opencv2/imgproc.hpp>
int main() {
    cv::Mat from = cv::Mat::eye(8, 8, CV_8UC3), to;
    cv::cvtColor(from, to, cv::COLOR_BGR2GRAY);
    cv::resize(to, to, cv::Size(4, 4));
    return to.cols == 4 && to.channels() == 1 ? 0 : 1;
}
END
g++ -O0 -I/usr/include/opencv4 -o "$dir/a" "$dir/a.cpp" -lopencv_imgproc -lopencv_core
"$dir/a"
