"""The same calls give the same bits."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# cuBLAS gives the same bits again only with workspaces of its own; read before its first call.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch


def begin(threads: int) -> None:
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # PyTorch would fill all new memory, for programs that read what nobody wrote.
    torch.utils.deterministic.fill_uninitialized_memory = False


@contextmanager
def any_order() -> Iterator[None]:
    """Writes to distinct places need no order: PyTorch's deterministic kernels for them sort the places first."""
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True)
