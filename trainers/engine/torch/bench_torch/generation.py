"""Greedy and sampled continuations with a key-value cache.

A fixed number of slots is kept busy: where an answer ends, the next prompt takes its place (continuous batching, Yu et al.,
Orca, OSDI 2022). What all prompts begin with is computed once.
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


@dataclass
class Row:
    """A prompt that is being continued."""

    index: int
    id: str
    prompt: list[int]
    limit: int
    #: The digests of its images.
    images: list[str] = field(default_factory=list)
    #: Positions of the prompt's tokens [3, tokens] where they are not those of the sequence.
    places: torch.Tensor | None = None
    tokens: list[int] = field(default_factory=list)
    ended: bool = False

    @cached_property
    def shift(self) -> int:
        """How much further the positions of the answer's tokens are than their places in the sequence."""
        return 0 if self.places is None else int(self.places.max()) + 1 - len(self.prompt)


class SlotLayer(DynamicLayer):
    """Keys and values of one layer, [slots, capacity, heads, d]; new ones are written where the layout in force says."""

    def __init__(self, slots: int, capacity: int):
        super().__init__()
        self.slots = slots
        self.capacity = capacity

    def update(self, key_states, value_states, *_, **__):
        slots, capacity = self.slots, self.capacity
        if not self.is_initialized:
            shape = (slots * capacity, key_states.shape[1])
            self.keys = key_states.new_zeros(*shape, key_states.shape[3])
            self.values = value_states.new_zeros(*shape, value_states.shape[3])
            self.is_initialized = True
        found = []
        for held, new in ((self.keys, key_states), (self.values, value_states)):
            with any_order():
                held.index_copy_(0, in_force().places, new[0].transpose(0, 1))
            found.append(held.view(slots, capacity, *held.shape[1:]).transpose(1, 2))
        return tuple(found)

    def get_seq_length(self) -> int:
        return 0  # positions are always given


class SlotCache(Cache):
    """The keys and values of a fixed number of sequences. One slot more is for rows that only fill a batch up."""

    def __init__(self, layers: int, slots: int, capacity: int):
        self.slots = slots + 1
        self.capacity = capacity
        super().__init__(layers=[SlotLayer(self.slots, capacity) for _ in range(layers)])

    def spread(self, count: int) -> None:
        """The first tokens of slot 0 are those of all slots."""
        for layer in self.layers:
            for held in (layer.keys, layer.values):
                if held is not None:
                    own = held.view(self.slots, self.capacity, *held.shape[1:])
                    own[1:, :count] = own[:1, :count]


@torch.no_grad()
def continue_rows(model, rows: list[Row], decoding: dict, ends: set[int], has_stop, tick, most_rows: int) -> None:
    """Continues prompts until each ends: fills in `tokens`. `model` computes; see `TorchModel.compute`."""
    asked = [row for row in rows if row.limit > 0]
    if not asked:
        return
    waiting = deque(model.ranks.mine(asked))
    count = min(most_rows, -(-len(asked) // model.ranks.size))
    longest = max(len(row.prompt) + row.limit for row in asked)
    cache = SlotCache(model.layers, count, -(-longest // 64) * 64)
    prefix = _common([model.before_images(row) for row in asked])
    if prefix > 0:
        _read(model, cache, {0: Row(0, "", asked[0].prompt[:prefix], 0)}, 0)
        cache.spread(prefix)
    active: dict[int, Row] = {}
    decoder = Decoder(model, cache, count)
    # Several processes take each forward pass together, those whose answers have ended with rows that only fill it up.
    while model.ranks.any(bool(waiting or active)):
        tick()
        free = [slot for slot in range(count) if slot not in active]
        if waiting and (len(free) * 4 >= count or not active):
            own, tokens = {}, 0
            while waiting and free and (not own or tokens + len(waiting[0].prompt) - prefix <= MOST_TOKENS):
                own[free.pop(0)] = waiting.popleft()
                tokens += len(next(reversed(own.values())).prompt) - prefix
            logits = _read(model, cache, own, prefix)
            active.update(own)
        else:
            own = active
            logits = decoder.step(own)
        choose(logits, list(own.values()), decoding)
        for row in own.values():
            row.ended = row.tokens[-1] in ends or len(row.tokens) >= row.limit or has_stop(row)
        active = {slot: row for slot, row in active.items() if not row.ended}
    for row, tokens in zip(asked, model.ranks.gathered([row.tokens for row in model.ranks.mine(asked)])):
        row.tokens = tokens


def _common(prompts: list[list[int]]) -> int:
    """How many tokens all prompts begin with, in whole blocks, one token of each left at least; 0 for few prompts."""
    if len(prompts) < FEWEST_ROWS or not all(prompts):
        return 0
    low, high = min(prompts), max(prompts)
    count = next((i for i, (a, b) in enumerate(zip(low, high)) if a != b), min(len(low), len(high)))
    return min(count, min(map(len, prompts)) - 1) // BLOCK * BLOCK


def _read(model, cache: SlotCache, rows: dict[int, Row], before: int) -> torch.Tensor:
    """Logits [rows, classes] behind the prompts of rows whose first `before` tokens are in the cache already."""
    parts = {slot: row.prompt[before:] for slot, row in rows.items()}
    lengths = [len(part) for part in parts.values()]
    tokens = [token for part in parts.values() for token in part]
    slots, starts = list(parts), [before] * len(parts)
    if len(tokens) < FEWEST_ROWS:
        missing = FEWEST_ROWS - len(tokens)
        slots, starts, lengths = [*slots, cache.slots - 1], [*starts, 0], [*lengths, missing]
        tokens = tokens + [0] * missing
    layout = Continued(slots, starts, lengths, cache.capacity, model.device)
    last = (torch.tensor(lengths).cumsum(0) - 1).tolist()
    own = [*last, *[last[0]] * max(0, FEWEST_ROWS - len(last))]
    with laid_out(layout):
        ids = torch.tensor([tokens], device=model.device)
        places = joined_places([row.places for row in rows.values()], layout.positions, before)
        seen = [digest for row in rows.values() for digest in row.images]
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

    def __init__(self, model, cache: SlotCache, count: int):
        self.model = model
        self.cache = cache
        self.graph: torch.cuda.CUDAGraph | None = None
        self.steps = 0
        #: Of each row its token, its place in the sequence, its slot and its position. Rows that fill the batch up have the
        #: slot that nothing else uses.
        self.idle = [[0, 0, cache.slots - 1, 0]] * max(count, FEWEST_ROWS)
        self.state = torch.tensor(self.idle, device=model.device)
        self.logits: torch.Tensor | None = None

    def step(self, active: dict[int, Row]) -> torch.Tensor:
        """Logits [active, classes]."""
        places = {slot: len(row.prompt) + len(row.tokens) - 1 for slot, row in active.items()}
        rows = [[row.tokens[-1], places[slot], slot, places[slot] + row.shift] for slot, row in active.items()]
        keys = self.cache.layers[0].keys
        if keys is None or not has_kernel(keys):
            rows += self.idle[: max(0, FEWEST_ROWS - len(rows))]
            tokens, before, slots, positions = zip(*rows)
            device = self.model.device
            layout = Continued(slots, before, [1] * len(rows), self.cache.capacity, device)
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
        tokens, places, slots, positions = self.state.unbind(1)
        return self.compute(tokens[None], Stepped(places, slots, self.cache.capacity), positions)

    def compute(self, ids: torch.Tensor, layout: Layout, positions: torch.Tensor) -> torch.Tensor:
        with laid_out(layout):
            return self.model.compute(ids, positions, None, self.cache)


def choose(logits: torch.Tensor, rows: list[Row], decoding: dict) -> None:
    """Appends the next token of each row: the likeliest, or one that is drawn."""
    logits = logits.float()
    penalty = decoding.get("repetitionPenalty") or 1
    if penalty != 1:  # Keskar et al., 1909.05858, section 4.1
        for i, row in enumerate(rows):
            seen = torch.tensor(sorted({*row.prompt, *row.tokens}), device=logits.device)
            seen = seen[seen < logits.shape[1]]
            own = logits[i, seen]
            logits[i, seen] = torch.where(own > 0, own / penalty, own * penalty)
    temperature = decoding.get("temperature") or 0
    if temperature == 0:
        chosen = logits.argmax(-1).tolist()
    else:
        table = logits.double().cpu()
        chosen = [_draw(own, row.id, decoding, temperature, len(row.tokens)) for own, row in zip(table, rows)]
    for row, token in zip(rows, chosen):
        row.tokens.append(token)


def _draw(logits: torch.Tensor, id: str, decoding: dict, temperature: float, step: int) -> int:
    weights = ((logits - logits.max()) / temperature).exp()
    top = decoding.get("topP", 1)
    if top is not None and top < 1:  # Holtzman et al., 1904.09751; of equal ones the lower ids stay
        order = torch.sort(weights, descending=True, stable=True)
        sums = order.values.cumsum(0)
        count = int((sums < top * weights.sum()).sum()) + 1
        kept = torch.zeros_like(weights)
        kept[order.indices[:count]] = weights[order.indices[:count]]
        weights = kept
    uniform = next(uniforms(decoding.get("seed") or 0, "sampling", step=step, item=id))
    sums = weights.cumsum(0)
    token = int((sums <= uniform * sums[-1]).sum())
    while not weights[min(token, len(weights) - 1)] > 0:
        token -= 1
    return min(token, len(weights) - 1)

