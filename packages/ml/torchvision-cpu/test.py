#!/usr/bin/env python3
"""Keeps the best of overlapping boxes, resizes an image, and runs a network with random weights."""
import os
import sys

import torch
import torchvision
from PIL import Image
from torchvision import models, ops, transforms

version = "%d.%d" % sys.version_info[:2]
target = os.environ.get("JETKIT_PYTHON", version)
assert version == target, "this is Python %s, the target has %s" % (version, target)
print("torchvision", torchvision.__version__, "with torch", torch.__version__)
boxes = torch.tensor([[0.0, 0.0, 10.0, 10.0], [1.0, 1.0, 11.0, 11.0], [50.0, 50.0, 60.0, 60.0]])
kept = ops.nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5)
assert kept.tolist() == [0, 2], kept
image = transforms.Compose([transforms.Resize((64, 64)), transforms.ToTensor()])(Image.new("RGB", (320, 240), (255, 0, 0)))
assert image.shape == (3, 64, 64) and image[0].min() == 1 and image[1].max() == 0
torch.manual_seed(1)
with torch.no_grad():
    scores = models.squeezenet1_1(num_classes=5).eval()(image.unsqueeze(0))
assert scores.shape == (1, 5) and torch.isfinite(scores).all()
print("torchvision works on the CPU")
