"""Greedy and sampled continuations with a key-value cache."""

from dataclasses import dataclass, field

import torch
from transformers import DynamicCache

from .attention import Continued, Packed, laid_out
from .keyed import uniforms

#: Prompts of one width are computed together, so that a row's shapes, and its bits, do not depend on its company.
WIDTH = 16
#: Products of fewer rows are computed by other kernels, in other bits.
FEWEST_ROWS = 4


@dataclass
class Row:
    """A prompt that is being continued."""

    index: int
    id: str
    prompt: list[int]
    limit: int
    tokens: list[int] = field(default_factory=list)
    ended: bool = False


def batches_of(lengths: list[int], most_tokens: int, most_rows: int) -> list[list[int]]:
    """Indices by the width that their lengths round up to, at most so many tokens and rows together."""
    by_width: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        by_width.setdefault(-(-length // WIDTH) * WIDTH, []).append(index)
    batches = []
    for width, indices in by_width.items():
        size = max(1, min(most_rows, most_tokens // width))
        batches += [indices[i : i + size] for i in range(0, len(indices), size)]
    return batches


@torch.no_grad()
def continue_batch(model, rows: list[Row], decoding: dict, ends: set[int], has_stop, tick) -> None:
    """Continues prompts of one width until each ends: fills in `tokens`. `model` computes; see `TorchModel.forward`."""
    device = model.device
    while len(rows) < FEWEST_ROWS:
        rows = [*rows, Row(-1, rows[0].id, rows[0].prompt, rows[0].limit)]
    lengths = [len(row.prompt) for row in rows]
    layout = Packed(lengths, device, WIDTH)
    cache = DynamicCache()
    last = (torch.cumsum(torch.tensor(lengths), 0) - 1).to(device)
    with laid_out(layout):
        logits = model.forward([row.prompt for row in rows], last, layout.positions, cache)
    for layer in cache.layers:
        layer.keys, layer.values = layout.pad(layer.keys).contiguous(), layout.pad(layer.values).contiguous()
    place = torch.arange(layout.longest, device=device)[None]
    sizes = torch.tensor(lengths, device=device)[:, None]
    positions = torch.where(place < sizes, place, -1)
    step = 0
    while True:
        tick()
        choose(logits, rows, decoding, step)
        for row in rows:
            row.ended = row.tokens[-1] in ends or len(row.tokens) >= row.limit or has_stop(row)
        alive = [i for i, row in enumerate(rows) if not row.ended]
        if all(rows[i].index < 0 for i in alive):
            return
        if max(len(alive), FEWEST_ROWS) <= len(rows) // 2:
            ended = [i for i, row in enumerate(rows) if row.ended]
            alive += ended[: max(0, FEWEST_ROWS - len(alive))]
            kept = torch.tensor(alive, device=device)
            rows = [rows[i] for i in alive]
            positions, sizes = positions[kept], sizes[kept]
            for layer in cache.layers:
                layer.keys, layer.values = layer.keys[kept], layer.values[kept]
        own = sizes + step
        positions = torch.cat([positions, own], dim=1)
        tokens = torch.tensor([[row.tokens[-1]] for row in rows], device=device)
        with laid_out(Continued(positions)):
            logits = model.continued(tokens, own, cache)
        step += 1


def choose(logits: torch.Tensor, rows: list[Row], decoding: dict, step: int) -> None:
    """Appends the next token of each row that has not ended: the likeliest, or one that is drawn."""
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
        chosen = [0 if row.ended else _draw(table[i], row.id, decoding, temperature, step) for i, row in enumerate(rows)]
    for row, token in zip(rows, chosen):
        if not row.ended:
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

