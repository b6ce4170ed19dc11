"""Makes the PyTorch engine compute in float64 where it says float32: a reference for what float32 rounds away.

PYTHONPATH=test/bench/float64 BENCH_TORCH_PYTHON=<path> npm run bench:engines -- progressive-prompts

Python imports a module of this name by itself at its start. What crosses to bench stays float32.
"""

import sys

if "bench_torch" in sys.orig_argv:
    import torch

    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double

    from bench_torch import model

    model.DTYPES["float32"] = torch.float64
