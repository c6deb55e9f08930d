#!/usr/bin/env python3
"""Runs a small GPT-2 with random weights on the GPU, and compares it with the same on the processor."""
import torch
import transformers

print("transformers", transformers.__version__, "with torch", torch.__version__)
torch.manual_seed(1)
config = transformers.GPT2Config(n_embd=64, n_head=4, n_layer=2, vocab_size=100, n_positions=32)
model = transformers.GPT2LMHeadModel(config).eval()
tokens = torch.randint(0, 100, (2, 16))
with torch.no_grad():
    processor = model(tokens).logits
    gpu = model.to("cuda")(tokens.to("cuda")).logits.cpu()
assert processor.shape == (2, 16, 100), processor.shape
assert torch.allclose(processor, gpu, atol=1e-2), (processor - gpu).abs().max()
print("transformers works")
