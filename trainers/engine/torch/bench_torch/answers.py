"""Answers of a model: continuations, likelihoods, embeddings and activations, as many at a time as the memory has room for."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch.nn import functional as F

from .adapters import linear_modules, named
from .attention import Packed, laid_out
from .batch import digests_of
from .generation import FEWEST_ROWS, MOST_TOKENS, Row, continue_rows
from .images import plain_name
from .memory import is_short, too_small

T = TypeVar("T")

#: Sequences of a batch that is answered, and bytes of their keys and values.
MOST_ROWS = 64
MOST_CACHE = {"cpu": 1 << 30, "cuda": 8 << 30}


def generate(model, requests: list[dict], decoding: dict, ends: list[int]) -> list[list[int]]:
    """The tokens that continue each prompt, an end token included."""
    has_stop = stop_check(model, decoding)

    def compute(most: int) -> list[list[int]]:
        rows = [
            Row(
                request["id"],
                request["tokens"],
                min(decoding["maxNewTokens"], model.context - len(request["tokens"])),
                decoding,
                digests_of(request),
                model.images and model.images.places(request["tokens"], digests_of(request)),
            )
            for request in requests
        ]
        continue_rows(model, rows, set(ends), has_stop, model.tick, most)
        return [row.tokens for row in rows]

    longest = max((len(request["tokens"]) + decoding["maxNewTokens"] for request in requests), default=1)
    return _fitting(model, compute, min(len(requests), _most_rows(model, min(longest, model.context))))


@torch.no_grad()
def score(model, requests: list[dict]) -> list[float]:
    """Σ log p of each continuation given its prompt, nats."""
    asked = [i for i, request in enumerate(requests) if request["continuation"]]
    sequences = {i: [*requests[i]["tokens"], *requests[i]["continuation"][:-1]] for i in asked}

    def compute(places: list[int]) -> torch.Tensor:
        own = [asked[place] for place in places]
        labels = [label for i in own for label in requests[i]["continuation"]]
        selected, start = [], 0
        for i in own:
            start += len(sequences[i])
            selected += range(start - len(requests[i]["continuation"]), start)
        rows = model.packed([sequences[i] for i in own], selected, [digests_of(requests[i]) for i in own])
        chances = F.log_softmax(rows, dim=-1).gather(1, torch.tensor(labels, device=model.device)[:, None])
        parts = chances[:, 0].double().split([len(requests[i]["continuation"]) for i in own])
        return torch.stack([part.sum() for part in parts])

    scores = [0.0] * len(requests)
    for i, value in zip(asked, _batched(model, compute, [len(sequences[i]) for i in asked])):
        scores[i] = value.item()
    return scores


@torch.no_grad()
def embed(model, requests: list[dict]) -> list[torch.Tensor]:
    """Mean over the tokens of the last hidden states, after the final norm."""

    def compute(own: list[int]) -> torch.Tensor:
        layout = Packed([len(requests[i]["tokens"]) for i in own], model.device)
        ids = torch.tensor([[token for i in own for token in requests[i]["tokens"]]], device=model.device)
        model.count_flops(ids.numel(), 0)
        images = [digests_of(requests[i]) for i in own]
        places = model.places([requests[i]["tokens"] for i in own], images, layout)
        with laid_out(layout):
            entered = model.entered(ids, [digest for seen in images for digest in seen])
            states = model.states(**entered, position_ids=places.unsqueeze(-2), use_cache=False).last_hidden_state[0]
        parts = states.double().split([len(requests[i]["tokens"]) for i in own])
        return torch.stack([part.mean(0).float() for part in parts])

    return list(_batched(model, compute, [len(request["tokens"]) for request in requests]))


@torch.no_grad()
def activations(model, requests: list[dict]) -> dict[str, torch.Tensor]:
    """Σ |output| of every linear module over the requests' tokens, by the module's path."""

    def magnitudes(_path: str, _entered: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        return _rows(output).abs().sum(0)

    return _summed(model, requests, list(linear_modules(model.model)), magnitudes)


@torch.no_grad()
def input_moments(model, requests: list[dict], modules: list[str]) -> list[dict]:
    """Σ x·xᵀ over the requests' tokens of the inputs x of the linear modules of these names, with the modules' paths.

    Modules that read the same input are called one after another.
    """
    last: tuple[torch.Tensor | None, str] = (None, "")
    first: dict[str, str] = {}  # of the modules with the same input

    def moments(path: str, entered: torch.Tensor, _output: torch.Tensor) -> torch.Tensor | None:
        nonlocal last
        if entered is last[0]:
            first[path] = last[1]
            return None
        last = (entered, path)
        first[path] = path
        rows = _rows(entered)
        model.flops += 2 * rows.numel() * rows.shape[1]
        return rows.T @ rows

    sums = _summed(model, requests, named(linear_modules(model.model), modules), moments)
    return [{"modules": [path for path in first if first[path] == own], "moments": sums[own]} for own in sums]


def _summed(model, requests: list[dict], paths: list[str], of: Callable[..., torch.Tensor | None]) -> dict[str, torch.Tensor]:
    """What is computed of the inputs and outputs [1, tokens, width] of modules, if anything, summed over the requests."""
    sums: dict[str, torch.Tensor] = {}

    def watch(path: str):
        def add(_module, entered, output):
            own = of(path, entered[0], output)
            if own is not None:
                sums[path] = sums[path] + own if path in sums else own

        return add

    modules = linear_modules(model.model)
    hooks = [modules[path].register_forward_hook(watch(plain_name(model.model, path))) for path in paths]
    try:
        for request in requests:
            embed(model, [request])
    finally:
        for hook in hooks:
            hook.remove()
    return sums


def _rows(states: torch.Tensor) -> torch.Tensor:
    """[tokens, width] in float32."""
    return states.detach().float().reshape(-1, states.shape[-1])


def place_bytes(model) -> int:
    """Bytes of a token's keys and values."""
    config = model.model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return 2 * model.layers * heads * width * model.embedding.weight.element_size()


def _most_rows(model, tokens: int) -> int:
    """How many sequences of so many tokens have their keys and values in memory together."""
    return max(1, min(MOST_ROWS, MOST_CACHE[model.device.type] // (place_bytes(model) * tokens)))


def stop_check(model, decoding: dict) -> Callable[[Row], bool]:
    """Whether an answer has one of the texts that end it."""
    stops = decoding.get("stop") or []
    if not stops:
        return lambda row: False

    def has_stop(row: Row) -> bool:
        text = model.tokenizer.decode(row.tokens)
        return any(stop in text for stop in stops)

    return has_stop


def _fitting(model, compute: Callable[[int], T], most: int) -> T:
    """What is computed for at most so many sequences at a time, or as many as the memory was found to have room for."""
    while True:
        most = min(most, model.most_answered)
        try:
            return compute(most)
        except (RuntimeError, MemoryError) as error:
            if model.ranks.several or not is_short(error):
                raise
            if most <= 1:
                raise too_small(error) from None
        torch.cuda.empty_cache()
        model.most_answered = most // 2


def _batched(model, compute: Callable[[list[int]], torch.Tensor], lengths: list[int]) -> torch.Tensor:
    """Rows of numbers for sequences of these lengths, which are computed in batches; several processes deal them out."""

    def within(most: int) -> torch.Tensor:
        batches = _batches_of(lengths, most)
        found: list[torch.Tensor | None] = [None] * len(lengths)
        for start in range(0, len(batches), model.ranks.size):
            dealt = batches[start : start + model.ranks.size]
            own = dealt[min(model.ranks.rank, len(dealt) - 1)]
            values = compute(_filled(own))
            for place, value in zip(own, values):
                found[place] = value if model.ranks.rank < len(dealt) else torch.zeros_like(value)
            model.tick()
        if not lengths:
            return torch.empty(0)
        if model.ranks.several:
            empty = torch.zeros_like(next(value for value in found if value is not None))
            return model.ranks.sum(torch.stack([empty if value is None else value for value in found]))
        return torch.stack(found)

    return _fitting(model, within, MOST_ROWS)


def _batches_of(lengths: list[int], most: int) -> list[list[int]]:
    """Indices in order, at most so many rows, and tokens in proportion, together."""
    batches: list[list[int]] = []
    tokens = 0
    for index, length in enumerate(lengths):
        tokens += length
        if not batches or tokens * MOST_ROWS > MOST_TOKENS * most or len(batches[-1]) == most:
            batches.append([])
            tokens = length
        batches[-1].append(index)
    return batches


def _filled(indices: list[int]) -> list[int]:
    """With the first index again where they are few: products of few rows are computed by other kernels."""
    return [*indices, *[indices[0]] * max(0, FEWEST_ROWS - len(indices))]
