#!/usr/bin/env python3
"""Resamples a tone on the GPU and compares with the CPU."""
import math

import torch
import torchaudio

print("torchaudio", torchaudio.__version__, "torch", torch.__version__)
assert torch.cuda.is_available(), "torch sees no GPU"

tone = torch.sin(2 * math.pi * 440 * torch.arange(16000) / 16000)
want = torchaudio.functional.resample(tone, 16000, 8000)
got = torchaudio.functional.resample(tone.cuda(), 16000, 8000).cpu()
assert want.shape == (8000,), want.shape
torch.testing.assert_close(got, want, rtol=1e-3, atol=1e-3)

# The tone is where it was: 440 Hz is the 440th of 8000 frequencies of a second.
assert int(torch.fft.rfft(got).abs().argmax()) == 440
print("torchaudio works")
