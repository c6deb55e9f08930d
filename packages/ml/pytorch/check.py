#!/usr/bin/env python3
"""Checks without a GPU that the torch that Python finds is the version, for the CUDA and with kernels for the GPUs that were asked for.

check.py TORCH CUDA ARCHITECTURES, as in: check.py 2.8.0 12.6 "87;110"
"""
import re
import sys

import torch


def covers(flags, wanted):
    """Which of the kernels run on a compute capability: those of its major version and not above it, or PTX."""
    binary = [f for f in flags if f.startswith("sm_") and number(f) // 10 == wanted // 10 and number(f) <= wanted]
    return binary or [f for f in flags if f.startswith("compute_") and number(f) <= wanted]


def number(flag):
    return int(re.search(r"\d+", flag).group())


def release(version):
    """The numbers of a version: of 2.1.0a0+41361538.nv23.06 they are 2, 1, 0."""
    return [int(n) for n in re.match(r"\d+(\.\d+)*", version).group().split(".")]


def main(version, cuda, architectures):
    print("torch", torch.__version__, "CUDA", torch.version.cuda)
    if release(torch.__version__) != release(version):
        return "torch %s was asked for, Python finds %s in %s" % (version, torch.__version__, torch.__file__)
    if not torch.version.cuda:
        return "this torch is built without CUDA: another index than the target's gave it"
    if cuda and release(torch.version.cuda)[:2] != release(cuda)[:2]:
        return "this torch is built for CUDA %s, the target has %s" % (torch.version.cuda, cuda)
    flags = (getattr(torch._C, "_cuda_getArchFlags", lambda: None)() or "").split()
    if not flags:
        print("this torch does not say which GPUs it has kernels for")
        return None
    print("kernels:", *flags)
    wanted = [int(a) for a in architectures.split(";") if a]
    without = [a for a in wanted if not covers(flags, a)]
    for a in wanted:
        print("compute capability %.1f: %s" % (a / 10, ", ".join(covers(flags, a)) or "no kernel"))
    if wanted and without == wanted:
        return "this torch has no kernel for any of the target's GPUs"
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
