#!/usr/bin/env python3
"""Makes a model, checks it, writes it to a file, and reads it again."""
import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, checker, helper, numpy_helper, shape_inference

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
print("onnx", onnx.__version__)
weights = numpy_helper.from_array(np.ones((4, 3), dtype=np.float32), "weights")
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "weights"], ["product"]), helper.make_node("Relu", ["product"], ["y"])],
    "layer",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 4])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])],
    [weights],
)
model = helper.make_model(graph)
checker.check_model(model)
inferred = shape_inference.infer_shapes(model)
shape = [d.dim_value for d in inferred.graph.value_info[0].type.tensor_type.shape.dim]
assert shape == [2, 3], shape
with tempfile.TemporaryDirectory() as work:
    path = os.path.join(work, "layer.onnx")
    onnx.save(model, path)
    read = onnx.load(path)
assert read == model
assert (numpy_helper.to_array(read.graph.initializer[0]) == 1).all()
print("onnx works")
