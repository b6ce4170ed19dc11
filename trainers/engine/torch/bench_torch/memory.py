"""What a gradient takes, estimated before it is computed; layers whose activations are computed again instead of kept."""

import math
import os
from contextlib import contextmanager, nullcontext

import torch
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from .attention import in_force, laid_out
from .errors import BenchError

#: Bytes that a layer keeps of a token, in half precision: 34 times its hidden width (Korthikanti et al., 2205.05198,
#: section 4.1; attention matrices are not kept), and 2 times that where only what enters it is kept.
KEPT, KEPT_ENTERING = 34, 2
#: Bytes of a logit in float32: itself, its share of the softmax, its gradient.
LOGIT = 12
#: Of the memory, what can be planned with.
USABLE = 0.9


class ShortMemory(MemoryError):
    """What is asked for will not fit; all processes found so together, and nothing was begun."""


def left(model) -> float:
    """Bytes of a device's memory that can be planned with, beside what the model holds there; infinite where unknown."""
    total = _total(model.device)
    if total is None:
        return math.inf
    shared = model.ranks.size if model.device.type == "cpu" else 1
    return max(0.0, total / shared * USABLE - model.held_bytes())


def check_memory(model, tokens: int, rows: int) -> None:
    """Throws ShortMemory where the gradient of so many tokens, with so many rows of logits, will not fit beside the model."""
    kept = KEPT * model.layers if not recomputes(model.model) else KEPT_ENTERING * model.layers + KEPT
    width = model.embedding.embedding_dim * model.embedding.weight.element_size() / 2
    needed = kept * width * tokens + LOGIT * rows * model.vocabulary
    free = left(model)
    if model.ranks.any(needed > free):
        raise ShortMemory(f"A gradient of {tokens} tokens takes about {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are left.")


def _total(device: torch.device) -> int | None:
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def layers_of(model: torch.nn.Module) -> list[GradientCheckpointingLayer]:
    """The layers that transformers computes again, and that are divided between processes."""
    return [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]


def recomputes(model: torch.nn.Module) -> bool:
    return any(layer.gradient_checkpointing for layer in layers_of(model))


def recompute(model: torch.nn.Module) -> bool:
    """From now on layers keep what enters them alone. False where they did so before, or cannot."""
    layers = layers_of(model)
    if not layers or recomputes(model):
        return False
    for layer in layers:
        layer.gradient_checkpointing = True
        layer._gradient_checkpointing_func = _recomputed
    return True


@contextmanager
def recomputing(model: torch.nn.Module):
    """Layers that recompute do so within. transformers asks for the state of training, which the modules in them do not get."""
    layers = layers_of(model) if torch.is_grad_enabled() and recomputes(model) else []
    for layer in layers:
        layer.training = True
    try:
        yield
    finally:
        for layer in layers:
            layer.training = False


def _recomputed(function, *args):
    layout = in_force()
    return checkpoint(function, *args, use_reentrant=False, context_fn=lambda: (nullcontext(), laid_out(layout)))


def is_short(error: BaseException) -> bool:
    """Whether the memory ran out: an error of its own on a GPU; on a CPU the allocator says it."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


def too_small(error: BaseException) -> BenchError:
    """What is thrown where the memory ran out with one answer alone."""
    return BenchError(
        "ENGINE_FAILED",
        f"The memory is too small for one answer at a time: {error}",
        "Use a device with more memory, --dtype bfloat16, or shorter prompts and answers.",
    )
