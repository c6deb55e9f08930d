#!/usr/bin/env python3
"""Runs an operator of torchvision's own kernels and a small network on the GPU."""
import torch
import torchvision

print("torchvision", torchvision.__version__, "torch", torch.__version__)
assert torch.cuda.is_available(), "torch sees no GPU"

boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]])
scores = torch.tensor([0.9, 0.8, 0.7])
kept = torchvision.ops.nms(boxes.cuda(), scores.cuda(), 0.5).cpu().tolist()
assert kept == [0, 2], kept

torch.manual_seed(1)
network = torchvision.models.resnet18().eval()
image = torch.rand(1, 3, 64, 64)
with torch.no_grad():
    want = network(image)
    got = network.cuda()(image.cuda()).cpu()
torch.testing.assert_close(got, want, rtol=1e-2, atol=1e-2)
print("torchvision works")
