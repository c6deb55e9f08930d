#!/usr/bin/env python3
"""Lists the GPUs that the CUDA driver sees; fails if there are none."""
import ctypes
import sys

# The driver's library comes with the device (CDI mounts it); it is not in the image.
cuda = ctypes.CDLL("libcuda.so.1")


def call(name, *args):
    status = getattr(cuda, name)(*args)
    if status != 0:
        sys.exit("%s: CUDA error %d" % (name, status))


def number(name, *args):
    value = ctypes.c_int()
    call(name, ctypes.byref(value), *args)
    return value.value


call("cuInit", 0)
count = number("cuDeviceGetCount")
if count == 0:
    sys.exit("the driver sees no GPU")
for device in range(count):
    # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR of cuda.h
    major, minor = (number("cuDeviceGetAttribute", attribute, device) for attribute in (75, 76))
    print("GPU %d: compute capability %d.%d" % (device, major, minor))
