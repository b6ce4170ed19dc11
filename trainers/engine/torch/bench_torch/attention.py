"""Attention over packed sequences, registered with transformers under the name "bench".

All layers but attention work on the tokens of all sequences in one row, without padding. Attention alone works on
[sequences, heads, longest, d], right-padded, where causality already hides the padding behind a sequence.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from .errors import BenchError

NAME = "bench"


class Layout(Protocol):
    """How the tokens of a forward pass are laid out."""

    def attend(self, query, key, value, scale: float | None, window: int | None) -> torch.Tensor:
        """From query [batch, heads, tokens, d], key and value to [batch, tokens, heads, d]."""


class _Spread(torch.autograd.Function):
    """Rows to places, of which the others are zero. Its gradient is a selection, so that no sum is out of order."""

    @staticmethod
    def forward(ctx, rows, places, count):
        ctx.save_for_backward(places)
        return rows.new_zeros(count, *rows.shape[1:]).index_copy_(0, places, rows)

    @staticmethod
    def backward(ctx, gradient):
        return gradient.index_select(0, ctx.saved_tensors[0]), None, None


class _Collect(torch.autograd.Function):
    """Places to rows: what `_Spread` undoes."""

    @staticmethod
    def forward(ctx, values, places):
        ctx.save_for_backward(places)
        ctx.count = values.shape[0]
        return values.index_select(0, places)

    @staticmethod
    def backward(ctx, gradient):
        (places,) = ctx.saved_tensors
        return gradient.new_zeros(ctx.count, *gradient.shape[1:]).index_copy_(0, places, gradient), None


class Packed:
    """Sequences one behind another as the only row of a batch; places are padded to a multiple of `multiple`."""

    def __init__(self, lengths: list[int], device: torch.device, multiple: int = 1):
        self.count = len(lengths)
        self.longest = -(-max(lengths) // multiple) * multiple
        sizes = torch.tensor(lengths)
        rows = torch.repeat_interleave(torch.arange(self.count), sizes)
        positions = torch.arange(len(rows)) - (torch.cumsum(sizes, 0) - sizes)[rows]
        #: The position of each token in its sequence, and its place among all [sequences, longest].
        self.positions = positions.to(device)
        self.places = (rows * self.longest + positions).to(device)
        self.whole = all(length == self.longest for length in lengths)

    def pad(self, x: torch.Tensor) -> torch.Tensor:
        """[1, heads, tokens, d] to [sequences, heads, longest, d]."""
        rows = x[0].transpose(0, 1)
        places = rows if self.whole else _Spread.apply(rows, self.places, self.count * self.longest)
        return places.reshape(self.count, self.longest, *rows.shape[1:]).transpose(1, 2)

    def attend(self, query, key, value, scale, window):
        mask = None
        if window is not None and window < self.longest:
            place = torch.arange(self.longest, device=query.device)
            distance = place[:, None] - place[None]
            mask = (distance >= 0) & (distance < window)
        padded = _attend(self.pad(query), self.pad(key), self.pad(value), mask, scale, causal=mask is None)
        places = padded.transpose(1, 2).flatten(0, 1)
        return (places if self.whole else _Collect.apply(places, self.places))[None]


class Continued:
    """One new token a row [rows, heads, 1, d], over a cache in which each row has gaps. `positions` [rows, slots]; -1 hides."""

    def __init__(self, positions: torch.Tensor):
        self.positions = positions

    def attend(self, query, key, value, scale, window):
        mask = self.positions >= 0
        if window is not None:
            mask = mask & (self.positions[:, -1:] - self.positions < window)
        return _attend(query, key, value, mask[:, None, None], scale, causal=False).transpose(1, 2)


def _attend(query, key, value, mask, scale, causal: bool) -> torch.Tensor:
    group = query.shape[1] // key.shape[1]
    if group > 1:
        key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    return scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale, is_causal=causal)


_layout: list[Layout] = []


@contextmanager
def laid_out(layout: Layout) -> Iterator[None]:
    """Attention of the forward passes within computes by this layout."""
    _layout.append(layout)
    try:
        yield
    finally:
        _layout.pop()


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
    return _layout[-1].attend(query, key, value, scaling, sliding_window), None


AttentionInterface.register(NAME, _bench_attention)
