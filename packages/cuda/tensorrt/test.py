#!/usr/bin/env python3
"""Builds an engine of one layer, runs it on the GPU, and compares the result with numpy's."""
import ctypes
import os

import numpy as np
import tensorrt as trt

print("TensorRT", trt.__version__)
wanted = os.environ["JETKIT_TENSORRT"]
assert wanted.split(".")[:2] == trt.__version__.split(".")[:2], "TensorRT %s is loaded, the target has %s" % (trt.__version__, wanted)

logger = trt.Logger(trt.Logger.WARNING)
builder = trt.Builder(logger)
explicit = getattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
network = builder.create_network(0 if explicit is None else 1 << int(explicit))
x = network.add_input("x", trt.float32, (1, 1024))
y = network.add_activation(x, trt.ActivationType.RELU).get_output(0)
y.name = "y"
network.mark_output(y)
plan = builder.build_serialized_network(network, builder.create_builder_config())
assert plan is not None, "no engine was built"
engine = trt.Runtime(logger).deserialize_cuda_engine(plan)
context = engine.create_execution_context()

cuda = ctypes.CDLL("libcudart.so")


def check(status):
    """Ends the test where a call of CUDA's failed."""
    assert status == 0, "CUDA error %d" % status


values = np.linspace(-8, 8, 1024, dtype=np.float32).reshape(1, 1024)
result = np.full_like(values, -1)
pointers = {}
for name in ("x", "y"):
    pointers[name] = ctypes.c_void_p()
    check(cuda.cudaMalloc(ctypes.byref(pointers[name]), ctypes.c_size_t(values.nbytes)))
check(cuda.cudaMemcpy(pointers["x"], values.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(values.nbytes), 1))
if hasattr(context, "execute_async_v3"):
    for name, pointer in pointers.items():
        context.set_tensor_address(name, pointer.value)
    assert context.execute_async_v3(0)
else:
    assert context.execute_v2([pointers["x"].value, pointers["y"].value])
check(cuda.cudaDeviceSynchronize())
check(cuda.cudaMemcpy(result.ctypes.data_as(ctypes.c_void_p), pointers["y"], ctypes.c_size_t(result.nbytes), 2))
assert np.array_equal(result, np.maximum(values, 0)), result
print("TensorRT works")
