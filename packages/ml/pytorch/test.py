#!/usr/bin/env python3
"""Multiplies matrices and convolves on the GPU, compares with the CPU, and checks that torch is the target's."""
import os
import sys

import torch

print("torch", torch.__version__, "CUDA", torch.version.cuda, "cuDNN", torch.backends.cudnn.version())
version = "%d.%d" % sys.version_info[:2]
assert version == os.environ.get("JETKIT_PYTHON", version), "this is Python " + version
cuda = os.environ.get("JETKIT_CUDA", "")
assert not cuda or torch.version.cuda.split(".")[:2] == cuda.split(".")[:2], "torch is built for CUDA %s, the target has %s" % (torch.version.cuda, cuda)
assert torch.cuda.is_available(), "torch sees no GPU"

major, minor = torch.cuda.get_device_capability()
kernels = torch.cuda.get_arch_list()
print(torch.cuda.get_device_name(), "compute capability %d.%d" % (major, minor), "kernels", kernels)
targets = os.environ.get("JETKIT_CUDA_ARCHITECTURES", "")
assert not targets or str(10 * major + minor) in targets.split(";"), "the GPU is none of the target's: " + targets

# is_available() and allocations work with a torch that has no kernel for the GPU; these do not.
torch.manual_seed(1)
a, b = torch.rand(256, 256), torch.rand(256, 256)
torch.testing.assert_close((a.cuda() @ b.cuda()).cpu(), a @ b, rtol=1e-2, atol=1e-2)

assert torch.backends.cudnn.is_available(), "torch finds no cuDNN"
image, weights = torch.rand(1, 3, 32, 32), torch.rand(8, 3, 3, 3)
with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
    got = torch.nn.functional.conv2d(image.cuda(), weights.cuda(), padding=1).cpu()
torch.testing.assert_close(got, torch.nn.functional.conv2d(image, weights, padding=1), rtol=1e-3, atol=1e-3)

x = torch.rand(64, device="cuda", requires_grad=True)
(x**3).sum().backward()
torch.testing.assert_close(x.grad, 3 * x.detach() ** 2)
print("torch works")
