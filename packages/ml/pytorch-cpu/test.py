#!/usr/bin/env python3
"""Multiplies matrices, derives a function and trains a small network, and checks each against numpy or the goal."""
import os
import sys

import numpy as np
import torch

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
print("torch", torch.__version__)
assert torch.version.cuda is None, "this is a build for CUDA %s" % torch.version.cuda
torch.manual_seed(1)
a, b = torch.randn(64, 32), torch.randn(32, 16)
assert np.allclose((a @ b).numpy(), a.numpy() @ b.numpy(), atol=1e-4)
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x ** 3).sum().backward()
assert torch.allclose(x.grad, 3 * x.detach() ** 2)
inputs = torch.randn(256, 2)
wanted = inputs @ torch.tensor([[2.0], [-1.0]]) + 0.5
layer = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
for _ in range(200):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(layer(inputs), wanted)
    loss.backward()
    optimizer.step()
assert loss.item() < 1e-4, loss.item()
print("torch works on the CPU")
