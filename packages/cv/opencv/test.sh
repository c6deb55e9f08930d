#!/usr/bin/env bash
# Compiles a C++ program with OpenCV and runs it.
set -euo pipefail

work=$(mktemp -d)
cat >"$work/blur.cpp" <<'CPP'
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <cstdio>
int main() {
  cv::Mat image(60, 80, CV_8UC1, cv::Scalar(0));
  image.at<unsigned char>(30, 40) = 255;
  cv::Mat blurred;
  cv::boxFilter(image, blurred, -1, cv::Size(5, 5));
  std::printf("OpenCV %s: %d pixels\n", CV_VERSION, cv::countNonZero(blurred));
  return cv::countNonZero(blurred) == 25 ? 0 : 1;
}
CPP
# shellcheck disable=SC2046 # the flags are words
g++ -o "$work/blur" "$work/blur.cpp" $(pkg-config --cflags opencv4) -lopencv_core -lopencv_imgproc
"$work/blur"
