// Forward kinematics of an arm with a turning base and three links that move in
// the plane which the base turns.
#pragma once

#include <array>
#include <cmath>

namespace arm {

struct Point {
  double x, y, z;  // metres; z is up
};

// Lengths in metres: the column to the shoulder, then the three links.
constexpr double kColumn = 0.20;
constexpr std::array<double, 3> kLinks{{0.40, 0.30, 0.15}};

// The tip's position for four joint angles in radians: the base, then the links,
// each relative to the link before and zero when it points straight up.
inline Point forward(const std::array<double, 4>& joints) {
  double reach = 0, height = kColumn, angle = 0;
  for (std::size_t i = 0; i < kLinks.size(); ++i) {
    angle += joints[i + 1];
    reach += kLinks[i] * std::sin(angle);
    height += kLinks[i] * std::cos(angle);
  }
  return {reach * std::cos(joints[0]), reach * std::sin(joints[0]), height};
}

}  // namespace arm
