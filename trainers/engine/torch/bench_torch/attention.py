"""Attention over packed sequences, registered with transformers under the name "bench".

All layers but attention work on the tokens of all sequences in one row, without padding. Attention takes the row apart: a
kernel for variable lengths does that on a GPU in half precision, elsewhere sequences of one shape are computed together,
each as if by itself. So on a CPU the bits of a sequence do not depend on the others.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
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
        parts = list(zip(*(states.split(self.lengths, dim=2) for states in (query, key, value))))
        found: list[torch.Tensor] = parts[:]
        for places in self.alike:
            rows = _alone(*(torch.cat(states) for states in zip(*(parts[place] for place in places))), scale, window)
            for place, row in zip(places, rows.split(1)):
                found[place] = row
        return torch.cat(found, dim=2).transpose(1, 2)

    @cached_property
    def alike(self) -> list[list[int]]:
        """The sequences of each length."""
        lengths = self.lengths
        if not _together(self.positions.device):
            return [[place] for place in range(len(lengths))]
        return [[i for i, own in enumerate(lengths) if own == length] for length in dict.fromkeys(lengths)]


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
        heads, width = query.shape[1], query.shape[3]
        parts = []
        for run, own in zip(self.runs, query[0].split([run.tokens for run in self.runs], dim=1)):
            rows = own.view(heads, run.count, -1, width).transpose(0, 1)
            found = []
            for (size, end), block in zip(run.blocks, rows.split([size for size, _ in run.blocks], dim=2)):
                seen = (run.seen(key, end), run.seen(value, end), scale)
                found.append(_next(block, *seen, run.mask(end, window)) if size == 1 else _alone(block, *seen, window))
            parts.append(torch.cat(found, dim=2).transpose(1, 2).reshape(-1, heads, width))
        return torch.cat(parts)[None]

    @cached_property
    def runs(self) -> list["Run"]:
        """Neighbors in the batch and in the cache that are of one shape."""
        runs: list[Run] = []
        device = self.positions.device
        for first, before, total in zip(self.firsts, self.before, self.totals):
            blocks = _blocks(before, total)
            if not (runs and _together(device) and runs[-1].took(first, blocks, total)):
                runs.append(Run(first, blocks, [total], device))
        return runs


def _blocks(before: int, total: int) -> list[tuple[int, int]]:
    """The new tokens of a sequence: how many each block has, and up to where its keys are read, by one token in whole blocks."""
    ends = [*range(before // BLOCK * BLOCK + BLOCK, total, BLOCK), total]
    sizes = [end - start for start, end in zip([before, *ends], ends)]
    return [(size, end if size > 1 else -(-end // BLOCK) * BLOCK) for size, end in zip(sizes, ends)]


@dataclass
class Run:
    """Sequences of which each has as many new tokens as the others. In the cache each begins `step` places behind the one before."""

    first: int
    blocks: list[tuple[int, int]]
    #: How long each of them is now.
    totals: list[int]
    device: torch.device
    step: int = 0
    masks: dict[int | None, torch.Tensor] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.totals)

    @property
    def tokens(self) -> int:
        return self.count * sum(size for size, _ in self.blocks)

    def took(self, first: int, blocks: list[tuple[int, int]], total: int) -> bool:
        """Adds a sequence where it is the next one."""
        if self.count == 1 and first >= self.first:
            self.step = first - self.first
        if blocks != self.blocks or first != self.first + self.count * self.step:
            return False
        self.totals.append(total)
        return True

    def seen(self, states: torch.Tensor, end: int) -> torch.Tensor:
        """The first keys or values of each sequence, [sequences, heads, end, d], of those of the cache [1, heads, places, d]."""
        _, heads, _, width = states.shape
        _, head, place, one = states.stride()
        start = states.storage_offset() + self.first * place
        return states.as_strided((self.count, heads, end, width), (self.step * place, head, place, one), start)

    def mask(self, end: int, window: int | None) -> torch.Tensor:
        """Which of the first `end` keys the last token of each sequence sees, [sequences, 1, 1, end]; once for all layers."""
        if window not in self.masks:
            place = torch.arange(end, device=self.device)
            total = torch.tensor(self.totals, device=self.device)[:, None, None, None]
            self.masks[window] = place < total if window is None else (place < total) & (place >= total - window)
        return self.masks[window]


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


def _together(device: torch.device) -> bool:
    """Whether sequences of one shape are computed in one call: several threads of a CPU would give them other bits than alone."""
    return device.type != "cpu" or torch.get_num_threads() == 1


def _next(query, key, value, scale, mask):
    """One token of each sequence, [sequences, heads, 1, d], over those of its keys that the mask shows."""
    # The heads that share keys are rows of one product: nothing is repeated.
    rows = query.reshape(*key.shape[:2], -1, key.shape[3])
    return scaled_dot_product_attention(rows, key, value, attn_mask=mask, scale=scale).reshape(query.shape)


def _alone(query, key, value, scale, window):
    """Sequences of one shape, [sequences, heads, tokens, d]: the queries are their last tokens, the keys all of them."""
    new, total = query.shape[2], key.shape[2]
    group = query.shape[1] // key.shape[1]
    mask = None
    if new < total or (window is not None and window < total):
        mask = visible(torch.arange(total - new, total, device=query.device), total, window)
    key, value = _repeated(key, group), _repeated(value, group)
    return scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale, is_causal=mask is None)


def visible(places: torch.Tensor, tokens: int, window: int | None) -> torch.Tensor:
    """What tokens at these places attend to, [places, tokens]."""
    distance = places[:, None] - torch.arange(tokens, device=places.device)
    return (distance >= 0) if window is None else (distance >= 0) & (distance < window)


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
