"""The names that jetson-containers has in this module."""

import jetson_containers as _all

globals().update({name: value for name, value in vars(_all).items() if not name.startswith("__")})
