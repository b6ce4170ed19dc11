"""Attention probabilities of chosen heads, computed again from queries and keys: what attends gives none."""

import torch
from torch.nn import functional as F

from .attention import Attended, visible
from .batch import Rows, digests_of, rows_of
from .errors import BenchError

#: The score of what is hidden.
HIDDEN = -1e9


def scores(seen: Attended, span: slice, heads: list[int], queries: list[int]) -> torch.Tensor:
    """Before the softmax, [heads, queries, tokens] in float32, of the sequence whose tokens are a span of those of the pass."""
    query, key = seen.query[0, :, span], seen.key[0, :, span]
    own, places = (torch.tensor(indices, device=query.device) for indices in (heads, queries))
    rows = query.index_select(0, own).index_select(1, places).float()
    keys = key.index_select(0, own // (query.shape[0] // key.shape[0])).float()
    return (rows @ keys.transpose(1, 2) * seen.scale).masked_fill(~visible(places, key.shape[1], seen.window), HIDDEN)


class Distillation:
    """A term `attention-distillation`, whose parts are computed as the layers attend."""

    def __init__(self, term: dict, rows: Rows, start: int, layers: int):
        """The tokens of these rows begin at `start` in the pass."""
        self.taught: list[tuple[dict, slice]] = []
        self.entering = rows.entering
        self.parts: dict[int, torch.Tensor] = {}
        for index, tokens in zip(rows.sequences, rows.tokens):
            teacher, length = term["teacher"][index], len(tokens)
            shape = (len(teacher["heads"]), len(teacher["queries"]), teacher["keys"])
            inside = all(head["layer"] < layers for head in teacher["heads"])
            inside = inside and all(query < min(teacher["keys"], length) for query in teacher["queries"])
            if not inside or teacher["values"].numel() != shape[0] * shape[1] * shape[2]:
                raise BenchError("INTERNAL", f"The attention for text {index} does not fit it.")
            self.taught.append(({**teacher, "values": teacher["values"].view(shape)}, slice(start, start + length)))
            start += length

    def watch(self, seen: Attended) -> None:
        parts = []
        for teacher, span in self.taught:
            own = [i for i, head in enumerate(teacher["heads"]) if head["layer"] == seen.layer]
            if not own or not teacher["queries"]:
                continue
            found = scores(seen, span, [teacher["heads"][i]["head"] for i in own], teacher["queries"])
            keys = min(teacher["keys"], found.shape[-1])
            given = teacher["values"][own, :, :keys].to(found.device)
            student = F.log_softmax(found, dim=-1)[..., :keys]
            layers = len({head["layer"] for head in teacher["heads"]})
            parts.append((torch.xlogy(given, given) - given * student).sum(-1).mean() / (layers * self.entering))
        if parts:
            self.parts[seen.layer] = torch.stack(parts).sum()

    def value(self, like: torch.Tensor) -> torch.Tensor:
        """The term; 0 as a function of `like` where no sequence of this process has a head."""
        return torch.stack(list(self.parts.values())).sum() if self.parts else like.sum() * 0


@torch.no_grad()
def attention(model, requests: list[dict]) -> list[dict]:
    """The probabilities of all heads for the tokens at `queries` of each request."""
    answers = []
    for request in requests:
        tokens, queries = request["tokens"], request["queries"]
        found: dict[int, torch.Tensor] = {}

        def watch(seen: Attended) -> None:
            heads = list(range(seen.query.shape[1]))
            found[seen.layer] = scores(seen, slice(0, len(tokens)), heads, queries).softmax(-1).cpu()

        model.packed([tokens], [len(tokens) - 1], [digests_of(request)], watch)
        values = torch.stack([found[layer] for layer in sorted(found)])
        heads = [{"layer": layer, "head": head} for layer in sorted(found) for head in range(values.shape[1])]
        answers.append({"heads": heads, "queries": queries, "keys": len(tokens), "values": values})
        model.tick()
    return answers


def head_sensitivity(model, examples: list[dict]) -> list[torch.Tensor]:
    """Mean over examples of the mean of (∂ mean nll / ∂ p)² over each head's probabilities p, a row a layer."""
    sums: dict[int, torch.Tensor] = {}

    def watch(seen: Attended) -> None:
        def add(gradient: torch.Tensor) -> None:
            # What attention gives is o = P·v, so ∂/∂P is ∂/∂o·vᵀ.
            own, values = gradient[0].transpose(0, 1).float(), seen.value.detach()[0].float()
            values = values.repeat_interleave(own.shape[0] // values.shape[0], dim=0)
            places = torch.arange(own.shape[1], device=own.device)
            shown = visible(places, len(places), seen.window)
            squares = (own @ values.transpose(1, 2)).square().masked_fill(~shown, 0).sum((1, 2)) / shown.sum()
            sums[seen.layer] = sums.get(seen.layer, 0) + squares.cpu() / len(examples)

        if not seen.given.requires_grad:  # nothing before it is trained
            seen.given.requires_grad_()
        seen.given.register_hook(add)

    for example in examples:
        rows = rows_of([example])
        before = model.flops
        logits = model.packed(rows.tokens, rows.selected, rows.images, watch)
        model.flops += (model.flops - before) * (1 if model.frozen else 2)
        nll = F.cross_entropy(logits, torch.tensor(rows.labels, device=model.device), reduction="none")
        (nll * rows.shares(model.device)).sum().backward()
        model.trainable.gradient.zero_()
        model.trained_tokens += rows.count
        model.tick()
    return [sums[layer] for layer in sorted(sums)]
