"""How much each parameter matters: the diagonal of the Fisher information, and the sensitivity of the outputs."""

import torch
from torch.nn import functional as F

from .batch import rows_of
from .keyed import uniforms
from .update import check_finite


def importance(model, examples: list[dict], kind: str, seed: int, coverage: float) -> torch.Tensor:
    """The mean over examples, by kind.

    `empirical` and `sampled`: squared gradients of each example's mean nll, of its own tokens or of drawn ones.
    `exact`: Σ_t (w_t/Σw)² Σ_y p(y)·(∂ log p(y)/∂θ)²; of each token the likeliest labels are taken until their
    probabilities sum to `coverage`. `sensitivity`: the magnitude of the gradient of mean ‖logits‖² (MAS, 1711.09601, eq. 4).
    """
    own = model.trainable
    total = torch.zeros_like(own.values)
    # Several processes compute each example together: FSDP2 takes the mean of what is the same in all of them.

    def add(objective: torch.Tensor, tokens: int, keep: bool = False) -> None:
        own.gradient.zero_()
        objective.backward(retain_graph=keep)
        total.add_(own.gradient.abs() if kind == "sensitivity" else own.gradient.square())
        model.flops += 2 * passed
        model.trained_tokens += tokens

    for item, example in enumerate(examples):
        rows = rows_of([example])
        before = model.flops
        logits = model.packed(rows.tokens, rows.selected, rows.images)
        passed = model.flops - before
        weights = torch.tensor(rows.weights, device=model.device)
        weights = weights / weights.sum()
        if kind == "sensitivity":
            add((logits.square().sum(-1) * weights).sum(), rows.count)
        elif kind == "exact":
            for row, labels in enumerate(_likeliest(logits.detach(), coverage)):
                for label, chance in labels:
                    # The squared gradient of √p·w/Σw·nll is p·(w/Σw)²·(∂nll/∂θ)².
                    nll = F.cross_entropy(logits[row : row + 1], torch.tensor([label], device=model.device))
                    add(nll * (chance**0.5 * weights[row]), rows.selected[row] + 2, keep=True)
        else:
            labels = rows.labels if kind == "empirical" else _drawn(logits.detach(), seed, item)
            nll = F.cross_entropy(logits, torch.tensor(labels, device=model.device), reduction="none")
            add((nll * weights).sum(), rows.count)
        del logits
        model.tick()
    total /= max(len(examples), 1)
    own.gradient.zero_()
    check_finite(own.division.across(total.sum()).item())
    return total


def _likeliest(logits: torch.Tensor, coverage: float) -> list[list[tuple[int, float]]]:
    """The likeliest classes of each row with their probabilities, until these sum to `coverage`."""
    # On the CPU: cumulative sums on a GPU have no deterministic kernel.
    chances, classes = torch.sort(torch.softmax(logits.double().cpu(), -1), dim=-1, descending=True, stable=True)
    counts = ((chances.cumsum(-1) < coverage).sum(-1) + 1).clamp(max=logits.shape[1]).tolist()
    return [list(zip(classes[i, :n].tolist(), chances[i, :n].tolist())) for i, n in enumerate(counts)]


def _drawn(logits: torch.Tensor, seed: int, item: int) -> list[int]:
    """A class for each row from its softmax, keyed by seed and item."""
    weights = (logits.double() - logits.double().max(-1, keepdim=True).values).exp().cpu()
    sums = weights.cumsum(-1)
    draw = uniforms(seed, "fisher-labels", item=item)
    labels = [int((own <= next(draw) * own[-1]).sum()) for own in sums]
    return [min(label, logits.shape[1] - 1) for label in labels]
