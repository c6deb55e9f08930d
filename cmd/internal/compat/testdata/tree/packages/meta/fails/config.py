from packages.ml.torch.version import TORCH

def f():
    return undefined_name

f()
