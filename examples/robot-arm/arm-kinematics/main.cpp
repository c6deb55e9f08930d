// Prints where the arm's tip is for four joint angles in radians.
#include <cstdio>
#include <cstdlib>

#include "arm.hpp"

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s BASE SHOULDER ELBOW WRIST (radians)\n", argv[0]);
    return 2;
  }
  std::array<double, 4> joints{};
  for (std::size_t i = 0; i < joints.size(); ++i) {
    char* end = nullptr;
    joints[i] = std::strtod(argv[i + 1], &end);
    if (end == argv[i + 1] || *end != '\0') {
      std::fprintf(stderr, "%s: not a number: %s\n", argv[0], argv[i + 1]);
      return 2;
    }
  }
  const arm::Point tip = arm::forward(joints);
  std::printf("%.6f %.6f %.6f\n", tip.x, tip.y, tip.z);
}
