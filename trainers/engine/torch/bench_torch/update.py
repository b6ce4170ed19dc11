"""From a gradient to new parameters: constraint, clipping, AdamW, proximal pull. All in float32 over flat vectors."""

import math

import torch
from torch.optim.adamw import adamw

from .errors import BenchError
from .parameters import Trainable


def check_finite(*numbers: float) -> None:
    if not all(math.isfinite(number) for number in numbers):
        raise BenchError(
            "DIVERGED",
            f"The loss or its gradient is not finite ({', '.join(map(str, numbers))}).",
            "Lower the learning rate, clip the gradient, or lower the weight of a penalty.",
        )


def constrained(trainable: Trainable, gradient: torch.Tensor, kind: str, given: torch.Tensor) -> torch.Tensor:
    """The gradient after a constraint: `mask`, `half-space` (its normal) or `orthogonal` (rows of a basis, flat)."""
    if kind == "mask":
        return gradient * given
    if kind == "half-space":  # g - min(<g, n>, 0) / <n, n> n (A-GEM, 1812.00420, eq. 11)
        product = trainable.division.across(torch.dot(gradient, given)).clamp(max=0)
        return gradient - given * (product / trainable.division.across(torch.dot(given, given)).clamp(min=1e-30))
    basis = given.view(-1, len(gradient))
    return gradient - basis.T @ trainable.division.across(basis @ gradient)


@torch.no_grad()
def apply_update(
    trainable: Trainable,
    gradient: torch.Tensor,
    update: dict,
    loss: float,
    anchor: torch.Tensor | None = None,
    importance: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
) -> float:
    """Clip, AdamW (Loshchilov & Hutter, 1711.05101, algorithm 2) and proximal pull. Returns the norm before clipping.

    `gradient` is overwritten; it is 0 where a component's rate is. Where `mask` is 0, parameters and moments keep their
    bits. Throws DIVERGED, and changes nothing, where the norm or the loss is not finite.
    """
    factors = trainable.factors(update.get("componentRates"))
    trainable.freeze(gradient, update.get("componentRates"))
    norm = trainable.division.norm(gradient)
    check_finite(loss, norm)
    state = (trainable.values, trainable.first, trainable.second)
    frozen = None if mask is None else mask == 0
    before = [] if frozen is None else [own[frozen] for own in state]
    clip = update.get("clip")
    if clip is not None and clip < norm + 1e-6:
        gradient.mul_(clip / (norm + 1e-6))
    for part, rate, decay in _groups(trainable, factors, update):
        _adamw(trainable, gradient, part, rate, decay, update)
    trainable.step += 1
    if anchor is not None:
        strength = update["learningRate"] * update["proximal"]["strength"]
        parts = (trainable.split(vector) for vector in (trainable.values, anchor, importance))
        for own, target, weight, factor in zip(*parts, factors):
            pull = weight * strength * factor
            own.add_(pull * target).div_(pull.add_(1))
    for own, kept in zip(state, before):
        own[frozen] = kept
    trainable.round()
    return norm


def _groups(trainable: Trainable, factors: list[float], update: dict) -> list[tuple[slice, float, float]]:
    """Runs of elements with one learning rate and one weight decay, which applies to matrices alone."""
    groups: list[tuple[slice, float, float]] = []
    start = 0
    for size, factor in zip(trainable.sizes, factors):
        rate = update["learningRate"] * factor
        own = (slice(start, start + size), rate, update["weightDecay"] if start < trainable.matrices else 0.0)
        start += size
        if groups and groups[-1][1:] == own[1:]:
            own = (slice(groups.pop()[0].start, start), *own[1:])
        groups.append(own)
    return groups


def _adamw(trainable: Trainable, gradient: torch.Tensor, part: slice, rate: float, decay: float, update: dict) -> None:
    """One step of AdamW for a part of the parameters, in one pass over the memory."""
    adamw(
        [trainable.values[part]],
        [gradient[part]],
        [trainable.first[part]],
        [trainable.second[part]],
        [],
        [torch.tensor(float(trainable.step), device=trainable.values.device)],
        fused=True,
        amsgrad=False,
        beta1=update["beta1"],
        beta2=update["beta2"],
        lr=rate,
        weight_decay=decay,
        eps=update["epsilon"],
        maximize=False,
    )
