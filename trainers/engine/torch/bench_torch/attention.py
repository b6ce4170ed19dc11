"""Attention over packed sequences, registered with transformers under the name "bench".

All layers but attention work on the tokens of all sequences in one row, without padding. Attention takes the row apart: a
kernel for variable lengths does that on a GPU in half precision, elsewhere each sequence is computed by itself. So on a
CPU the bits of a sequence do not depend on the others.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from .errors import BenchError

NAME = "bench"

#: Where attention computes a sequence by itself, tokens behind a cache are taken up to multiples of this place: then the
#: bits of a prompt do not depend on how much of it was in the cache, as long as that is such a multiple.
BLOCK = 32


@dataclass
class Attended:
    """What a layer attended with, [1, heads, tokens, d] (keys and values of fewer heads), and what that gave, [1, tokens, heads, d]."""

    layer: int
    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    scale: float
    window: int | None
    given: torch.Tensor


class Layout(Protocol):
    """How the tokens of a forward pass are laid out."""

    #: Of each token in its own sequence.
    positions: torch.Tensor

    def attend(self, query, key, value, scale: float | None, window: int | None) -> torch.Tensor:
        """From query [1, heads, tokens, d], key and value to [1, tokens, heads, d]."""


class Packed:
    """Whole sequences one behind another; `watch` hears what each layer does, again where it is computed again."""

    def __init__(self, lengths: list[int], device: torch.device, watch: Callable[[Attended], None] | None = None):
        self.lengths = lengths
        self.watch = watch
        self.longest = max(lengths)
        self.starts = _starts(lengths, device)
        self.positions = torch.cat([torch.arange(length) for length in lengths]).to(device)

    def attend(self, query, key, value, scale, window):
        if has_kernel(query):
            own = (query, key, value)
            rows = [states[0].transpose(0, 1) for states in own]
            return _variable(*rows, self.starts, self.starts, self.longest, self.longest, scale, window)
        parts = zip(*(states.split(self.lengths, dim=2) for states in (query, key, value)))
        return torch.cat([_alone(*part, scale, window) for part in parts], dim=2).transpose(1, 2)


class Continued:
    """The next tokens of sequences whose earlier ones are in a cache, each from its place in `firsts` on: `lengths` behind `before`."""

    def __init__(self, firsts: list[int], before: list[int], lengths: list[int], capacity: int, device: torch.device):
        self.firsts = firsts
        self.lengths = lengths
        self.longest = max(lengths)
        self.before = before
        self.totals = [old + new for old, new in zip(before, lengths)]
        self.capacity = capacity
        self.starts = _starts(lengths, device)
        positions = torch.cat([torch.arange(old, total) for old, total in zip(before, self.totals)])
        self.positions = positions.to(device)
        first = torch.tensor(firsts, dtype=torch.int32)
        #: Where each new token goes among all places of the cache.
        self.places = (torch.repeat_interleave(first, torch.tensor(lengths)) + positions).to(device)
        #: Where each sequence begins in the cache (and one more, which the kernel does not read), and how long it is now.
        self.cached = torch.cat([first, first[-1:]]).to(device)
        self.used = torch.tensor(self.totals, dtype=torch.int32).to(device)

    def attend(self, query, key, value, scale, window):
        """Key and value are those of the cache: [1, heads, places, d]."""
        if has_kernel(query):
            return _cached(self, query, key, value, scale, window)
        parts = []
        for own, first, before, total in zip(query.split(self.lengths, dim=2), self.firsts, self.before, self.totals):
            ends = [*range(before // BLOCK * BLOCK + BLOCK, total, BLOCK), total]
            for block, end in zip(own.split([b - a for a, b in zip([before, *ends], ends)], dim=2), ends):
                seen = slice(first, first + end)
                parts.append(_alone(block, key[:, :, seen], value[:, :, seen], scale, window))
        return torch.cat(parts, dim=2).transpose(1, 2)


class Stepped:
    """One next token of each sequence, given as tensors alone, so that a graph can be recorded. For the flash kernel."""

    def __init__(self, positions: torch.Tensor, firsts: torch.Tensor, capacity: int):
        self.positions = positions
        self.longest = 1
        self.capacity = capacity
        self.places = firsts + positions
        self.starts = torch.arange(len(positions) + 1, dtype=torch.int32, device=positions.device)
        self.cached = torch.cat([firsts, firsts[-1:]]).int()
        self.used = (positions + 1).int()

    def attend(self, query, key, value, scale, window):
        return _cached(self, query, key, value, scale, window)


def _starts(lengths: list[int], device: torch.device) -> torch.Tensor:
    return torch.tensor([0, *lengths]).cumsum(0).int().to(device)


def has_kernel(query: torch.Tensor) -> bool:
    """Whether the flash kernel computes it; its head sizes are multiples of 8 up to 256."""
    size = query.shape[-1]
    return query.is_cuda and query.dtype in (torch.bfloat16, torch.float16) and size % 8 == 0 and size <= 256


def _variable(query, key, value, starts, cached, longest, most, scale, window, used=None):
    """[tokens, heads, d] of all sequences by FlashAttention (2307.08691); each query sees the keys up to its own place."""
    left = -1 if window is None else window - 1
    result = torch.ops.aten._flash_attention_forward(
        query, key, value, starts, cached, longest, most, 0.0, True, False,
        scale=scale, window_size_left=left, window_size_right=0, seqused_k=used,
    )  # fmt: skip
    return result[0][None]


def _cached(layout: "Continued | Stepped", query, key, value, scale, window):
    """The next tokens over the keys and values of a cache, [1, heads, places, d]."""
    keys, values = (states[0].transpose(0, 1) for states in (key, value))
    rows = query[0].transpose(0, 1)
    starts, cached, longest, most = layout.starts, layout.cached, layout.longest, layout.capacity
    return _variable(rows, keys, values, starts, cached, longest, most, scale, window, layout.used)


def _alone(query, key, value, scale, window):
    """One sequence, [1, heads, tokens, d]: the queries are its last tokens, the keys all of it."""
    new, total = query.shape[2], key.shape[2]
    group = query.shape[1] // key.shape[1]
    if new == 1:
        # The heads that share keys are rows of one product: nothing is repeated, nothing is hidden.
        own = slice(None) if window is None else slice(-window, None)
        rows = query.reshape(1, key.shape[1], group, -1)
        return scaled_dot_product_attention(rows, key[:, :, own], value[:, :, own], scale=scale).reshape(query.shape)
    mask = None
    if new < total or (window is not None and window < total):
        place = torch.arange(total, device=query.device)
        distance = place[total - new :, None] - place[None]
        mask = (distance >= 0) if window is None else (distance >= 0) & (distance < window)
    key, value = _repeated(key, group), _repeated(value, group)
    return scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale, is_causal=mask is None)


def _repeated(states: torch.Tensor, group: int) -> torch.Tensor:
    """Each head as often as queries share it; unlike those of `repeat_interleave`, its gradient is a plain sum."""
    return states if group == 1 else states[:, :, None].expand(-1, -1, group, -1, -1).flatten(1, 2)


_layout: list[Layout] = []


@contextmanager
def laid_out(layout: Layout) -> Iterator[None]:
    """Attention of the forward passes within computes by this layout."""
    _layout.append(layout)
    try:
        yield
    finally:
        _layout.pop()


def in_force() -> Layout:
    return _layout[-1]


#: What some architectures add to attention and this function does not compute.
_UNKNOWN = ("softcap", "s_aux", "position_bias", "head_mask")


def _bench_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, sliding_window=None, **more):
    extra = [name for name in _UNKNOWN if more.get(name) is not None]
    if extra or attention_mask is not None:
        raise BenchError(
            "CAPABILITY_MISSING",
            f"The attention of this architecture ({', '.join(extra) or 'its own mask'}) is not computed over packed sequences.",
            "Use a model of another architecture.",
        )
    layout = in_force()
    given = layout.attend(query, key, value, scaling, sliding_window)
    if (watch := getattr(layout, "watch", None)) is not None:
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        watch(Attended(module.layer_idx, query, key, value, scale, sliding_window, given))
    return given, None


AttentionInterface.register(NAME, _bench_attention)
