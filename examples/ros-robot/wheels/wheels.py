"""A node that listens to /cmd_vel, and says on /wheels how fast the left and the right wheel have to turn."""

RADIUS, DISTANCE = 0.05, 0.3  # of the wheels, in meters


def speeds(forward, turn):
    """Returns how fast the wheels turn, in radians per second, for a speed in m/s and one in rad/s."""
    return (forward - turn * DISTANCE / 2) / RADIUS, (forward + turn * DISTANCE / 2) / RADIUS


def main():
    import rclpy
    from geometry_msgs.msg import Twist
    from std_msgs.msg import Float64MultiArray

    rclpy.init()
    node = rclpy.create_node("wheels")
    publisher = node.create_publisher(Float64MultiArray, "wheels", 10)

    def heard(twist):
        publisher.publish(Float64MultiArray(data=list(speeds(twist.linear.x, twist.angular.z))))

    node.create_subscription(Twist, "cmd_vel", heard, 10)
    rclpy.spin(node)


if __name__ == "__main__":
    main()
