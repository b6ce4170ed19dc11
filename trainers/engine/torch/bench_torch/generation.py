"""Greedy and sampled continuations with a key-value cache.

A fixed number of rows is kept busy: where an answer ends, the next prompt takes its place (continuous batching, Yu et al.,
Orca, OSDI 2022). What all prompts begin with is computed once. `running` answers requests that come one by one.
"""

from collections import deque
from dataclasses import dataclass, field
from functools import cached_property

import torch
from transformers.cache_utils import Cache, DynamicLayer

from .attention import BLOCK, Continued, Layout, Stepped, has_kernel, in_force, laid_out
from .deterministic import any_order
from .keyed import uniforms

#: Products of fewer rows are computed by other kernels, in other bits.
FEWEST_ROWS = 4
#: Of prompts that are read at a time.
MOST_TOKENS = 4096
#: Steps of decoding after which a GPU records them as one graph: recording costs as much as several.
STEPS_BEFORE_GRAPH = 4


@dataclass(eq=False)
class Row:
    """A prompt that is being continued."""

    id: str
    prompt: list[int]
    limit: int
    decoding: dict
    #: The digests of its images.
    images: list[str] = field(default_factory=list)
    #: Positions of the prompt's tokens [3, tokens] where they are not those of the sequence.
    places: torch.Tensor | None = None
    tokens: list[int] = field(default_factory=list)
    #: Where it begins in the cache, and how many of its tokens have keys and values there.
    first: int = 0
    used: int = 0

    @cached_property
    def shift(self) -> int:
        """How much further the positions of the answer's tokens are than their places in the sequence."""
        return 0 if self.places is None else int(self.places.max()) + 1 - len(self.prompt)

    def next(self, count: int) -> list[int]:
        """The tokens behind those that have keys and values: of the prompt, or the answer's last one."""
        return self.prompt[self.used : self.used + count] or self.tokens[-1:]

    def ended(self, ends: set[int], has_stop) -> bool:
        return self.tokens[-1] in ends or len(self.tokens) >= self.limit or has_stop(self)


class PlaceLayer(DynamicLayer):
    """Keys and values of one layer, [places, heads, d]; new ones are written where the layout in force says."""

    def __init__(self, places: int):
        super().__init__()
        self.places = places

    def update(self, key_states, value_states, *_, **__):
        new = [states[0].transpose(0, 1) for states in (key_states, value_states)]
        for held, own in zip(self.begun(*new), new):
            with any_order():
                held.index_copy_(0, in_force().places, own)
        return tuple(held.transpose(0, 1)[None] for held in (self.keys, self.values))

    def begun(self, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """All keys and values, in places for such [tokens, heads, d]."""
        if not self.is_initialized:
            self.keys, self.values = self._fresh(keys), self._fresh(values)
            self.is_initialized = True
        return self.keys, self.values

    def grow(self, places: int) -> None:
        self.places = places
        if self.is_initialized:
            before = (self.keys, self.values)
            self.keys, self.values = (self._fresh(held) for held in before)
            for held, old in zip((self.keys, self.values), before):
                held[: len(old)] = old

    def _fresh(self, like: torch.Tensor) -> torch.Tensor:
        return like.new_zeros(self.places, *like.shape[1:])

    def get_seq_length(self) -> int:
        return 0  # positions are always given


class PlaceCache(Cache):
    """Keys and values of sequences, each in a run of places of its own, of which the longest has `capacity`."""

    #: The first places are for rows that only fill a batch up.
    IDLE = 64

    def __init__(self, layers: int, places: int, capacity: int):
        self.places = self.IDLE + places
        self.capacity = capacity
        super().__init__(layers=[PlaceLayer(self.places) for _ in range(layers)])

    def grow(self, places: int) -> None:
        for layer in self.layers:
            layer.grow(places)
        self.places = places

    def read(self, start: int, count: int) -> list[torch.Tensor]:
        """A copy of keys and values of all layers in turn, [count, heads, d], from a place on."""
        return [held[start : start + count].clone() for layer in self.layers for held in (layer.keys, layer.values)]

    def write(self, start: int, states: list[torch.Tensor]) -> None:
        """Puts what `read` gave at a place."""
        for layer, own in zip(self.layers, zip(states[::2], states[1::2])):
            for held, new in zip(layer.begun(*own), own):
                held[start : start + len(new)] = new

    def close_up(self, rows: list[Row], free: list[int]) -> None:
        """Moves the last rows to free places before them, so that neighbors can be computed together; sorts rows and places."""
        rows.sort(key=lambda row: row.first)
        free.sort()
        for row in reversed(rows):
            if not free or free[0] > row.first:
                break
            self.write(free[0], self.read(row.first, row.used))
            free[0], row.first = row.first, free[0]
            free.sort()
        rows.sort(key=lambda row: row.first)


@torch.no_grad()
def continue_rows(model, rows: list[Row], ends: set[int], has_stop, tick, most_rows: int) -> None:
    """Continues prompts until each ends: fills in `tokens`. `model` computes; see `TorchModel.compute`."""
    asked = [row for row in rows if row.limit > 0]
    if not asked:
        return
    # Neighbors of one length are computed together.
    waiting = deque(sorted(model.ranks.mine(asked), key=lambda row: len(row.prompt)))
    count = min(most_rows, -(-len(asked) // model.ranks.size))
    capacity = run_length(max(len(row.prompt) + row.limit for row in asked))
    cache = PlaceCache(model.layers, count * capacity, capacity)
    free = [cache.IDLE + run * capacity for run in range(count)]
    prefix = _common([model.before_images(row) for row in asked])
    if prefix > 0:
        forward(model, cache, [Row("", asked[0].prompt[:prefix], 0, {}, first=free[0])], [prefix])
        shared = cache.read(free[0], prefix)
        for first in free[1:]:
            cache.write(first, shared)
    active: list[Row] = []
    decoder = Decoder(model, cache, count)
    # Several processes take each forward pass together, those whose answers have ended with rows that only fill it up.
    while model.ranks.any(bool(waiting or active)):
        tick()
        if waiting and (len(free) * 4 >= count or not active):
            own, tokens = [], 0
            while waiting and free and (not own or tokens + len(waiting[0].prompt) - prefix <= MOST_TOKENS):
                row = waiting.popleft()
                row.first, row.used = free.pop(0), prefix
                own.append(row)
                tokens += len(row.prompt) - prefix
            logits = forward(model, cache, own, [len(row.prompt) - prefix for row in own])
            active += own
        else:
            own = active
            logits = decoder.step(own)
        for row in own:
            row.used = len(row.prompt) + len(row.tokens)
        choose(logits, own)
        free += [row.first for row in own if row.ended(ends, has_stop)]
        active = [row for row in active if row.first not in free]
        if not has_kernel(cache.layers[0].keys):
            cache.close_up(active, free)
    for row, tokens in zip(asked, model.ranks.gathered([row.tokens for row in model.ranks.mine(asked)])):
        row.tokens = tokens


def run_length(tokens: int) -> int:
    """Places of the cache for a sequence of so many tokens."""
    return -(-tokens // 64) * 64


def _common(prompts: list[list[int]]) -> int:
    """How many tokens all prompts begin with, in whole blocks, one token of each left at least; 0 for few prompts."""
    if len(prompts) < FEWEST_ROWS or not all(prompts):
        return 0
    low, high = min(prompts), max(prompts)
    count = next((i for i, (a, b) in enumerate(zip(low, high)) if a != b), min(len(low), len(high)))
    return min(count, min(map(len, prompts)) - 1) // BLOCK * BLOCK


def forward(model, cache: PlaceCache, rows: list[Row], counts: list[int]) -> torch.Tensor:
    """Logits [rows, classes] behind the next tokens of rows, so many of each. Those with images begin at the same place."""
    parts = [row.next(count) for row, count in zip(rows, counts)]
    lengths = [len(part) for part in parts]
    tokens = [token for part in parts for token in part]
    firsts, starts = [row.first for row in rows], [row.used for row in rows]
    if len(tokens) < FEWEST_ROWS:
        missing = FEWEST_ROWS - len(tokens)
        firsts, starts, lengths = [*firsts, 0], [*starts, 0], [*lengths, missing]
        tokens = tokens + [0] * missing
    layout = Continued(firsts, starts, lengths, cache.capacity, model.device)
    last = (torch.tensor(lengths).cumsum(0) - 1).tolist()
    own = [*last, *[last[0]] * max(0, FEWEST_ROWS - len(last))]
    with laid_out(layout):
        ids = torch.tensor([tokens], device=model.device)
        places = joined_places([row.places for row in rows], layout.positions, starts[0])
        seen = [digest for row in rows for digest in row.images]
        logits = model.compute(ids, places, torch.tensor(own, device=model.device), cache, seen)
    return logits[: len(rows)]


def joined_places(given: list[torch.Tensor | None], positions: torch.Tensor, before: int = 0) -> torch.Tensor:
    """Positions of sequences one behind another, each from its token `before` on: [tokens], or [3, tokens] where some are given."""
    if all(own is None for own in given):
        return positions
    starts = (positions == before).nonzero()[:, 0].tolist()
    joined = positions.expand(3, -1).clone()
    for own, start in zip(given, starts):
        if own is not None:
            joined[:, start : start + own.shape[1] - before] = own[:, before:].to(joined.device)
    return joined


class Decoder:
    """Adds one token to each row. On a GPU with the flash kernel all its launches are recorded once, as one graph."""

    def __init__(self, model, cache: PlaceCache, count: int):
        self.model = model
        self.cache = cache
        self.graph: torch.cuda.CUDAGraph | None = None
        self.steps = 0
        #: Of each row its token, its place in the sequence, where it begins in the cache and its position.
        self.idle = [[0, 0, 0, 0]] * max(count, FEWEST_ROWS)
        self.state = torch.tensor(self.idle, device=model.device)
        self.logits: torch.Tensor | None = None

    def step(self, active: list[Row]) -> torch.Tensor:
        """Logits [active, classes]."""
        rows = [[row.tokens[-1], row.used, row.first, row.used + row.shift] for row in active]
        keys = self.cache.layers[0].keys
        if keys is None or not has_kernel(keys):
            rows += self.idle[: max(0, FEWEST_ROWS - len(rows))]
            tokens, before, firsts, positions = zip(*rows)
            device = self.model.device
            layout = Continued(firsts, before, [1] * len(rows), self.cache.capacity, device)
            ids, positions = torch.tensor([tokens], device=device), torch.tensor(positions, device=device)
            return self.compute(ids, layout, positions)[: len(active)]
        self.state.copy_(torch.tensor(rows + self.idle[len(rows) :]))
        self.steps += 1
        if self.steps == STEPS_BEFORE_GRAPH and not self.model.ranks.several:
            self.record()
        if self.graph is None:
            self.logits = self.compute_state()
        else:
            self.graph.replay()
            self.model.count_flops(len(self.idle), len(self.idle))
        return self.logits[: len(active)]

    def record(self) -> None:
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize(self.model.device)
        with torch.cuda.graph(graph):
            self.logits = self.compute_state()
        self.graph = graph

    def compute_state(self) -> torch.Tensor:
        tokens, places, firsts, positions = self.state.unbind(1)
        return self.compute(tokens[None], Stepped(places, firsts, self.cache.capacity), positions)

    def compute(self, ids: torch.Tensor, layout: Layout, positions: torch.Tensor) -> torch.Tensor:
        with laid_out(layout):
            return self.model.compute(ids, positions, None, self.cache)


def choose(logits: torch.Tensor, rows: list[Row]) -> None:
    """Appends the next token of each row: the likeliest, or one that is drawn."""
    logits = logits.float()
    for i, row in enumerate(rows):
        penalty = row.decoding.get("repetitionPenalty") or 1
        if penalty != 1:  # Keskar et al., 1909.05858, section 4.1
            seen = torch.tensor(sorted({*row.prompt, *row.tokens}), device=logits.device)
            seen = seen[seen < logits.shape[1]]
            own = logits[i, seen]
            logits[i, seen] = torch.where(own > 0, own / penalty, own * penalty)
    chosen = logits.argmax(-1).tolist()
    drawn = [i for i, row in enumerate(rows) if row.decoding.get("temperature")]
    if drawn:
        for i, own in zip(drawn, logits[drawn].double().cpu()):
            chosen[i] = _draw(own, rows[i])
    for row, token in zip(rows, chosen):
        row.tokens.append(token)


def _draw(logits: torch.Tensor, row: Row) -> int:
    decoding = row.decoding
    weights = ((logits - logits.max()) / decoding["temperature"]).exp()
    top = decoding.get("topP", 1)
    if top is not None and top < 1:  # Holtzman et al., 1904.09751; of equal ones the lower ids stay
        order = torch.sort(weights, descending=True, stable=True)
        sums = order.values.cumsum(0)
        count = int((sums < top * weights.sum()).sum()) + 1
        kept = torch.zeros_like(weights)
        kept[order.indices[:count]] = weights[order.indices[:count]]
        weights = kept
    uniform = next(uniforms(decoding.get("seed") or 0, "sampling", step=len(row.tokens), item=row.id))
    sums = weights.cumsum(0)
    token = int((sums <= uniform * sums[-1]).sum())
    while not weights[min(token, len(weights) - 1)] > 0:
        token -= 1
    return min(token, len(weights) - 1)

