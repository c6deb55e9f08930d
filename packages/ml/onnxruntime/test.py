#!/usr/bin/env python3
"""Multiplies matrices with ONNX Runtime on the GPU, and compares the product with numpy's."""
import os

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

print("onnxruntime", ort.__version__)
graph = helper.make_graph(
    [helper.make_node("MatMul", ["a", "b"], ["product"])],
    "product",
    [helper.make_tensor_value_info(name, TensorProto.FLOAT, [64, 64]) for name in ("a", "b")],
    [helper.make_tensor_value_info("product", TensorProto.FLOAT, [64, 64])],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
onnx.checker.check_model(model)
session = ort.InferenceSession(model.SerializeToString(), providers=["CUDAExecutionProvider"])
assert session.get_providers()[0] == "CUDAExecutionProvider", session.get_providers()
rng = np.random.RandomState(1)
a, b = (rng.randn(64, 64).astype(np.float32) for _ in range(2))
product = session.run(None, {"a": a, "b": b})[0]
assert np.allclose(product, a @ b, atol=1e-2), np.abs(product - a @ b).max()
print("onnxruntime works on the GPU, with CUDA", os.environ.get("JETKIT_CUDA"))
