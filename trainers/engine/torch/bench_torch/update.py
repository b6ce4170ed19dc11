"""From a gradient to new parameters: constraint, clipping, AdamW, proximal pull. All in float32 over flat vectors."""

import math

import torch

from .errors import BenchError
from .parameters import Trainable


def check_finite(*numbers: float) -> None:
    if not all(math.isfinite(number) for number in numbers):
        raise BenchError(
            "DIVERGED",
            f"The loss or its gradient is not finite ({', '.join(map(str, numbers))}).",
            "Lower the learning rate, clip the gradient, or lower the weight of a penalty.",
        )


def constrained(gradient: torch.Tensor, kind: str, given: torch.Tensor) -> torch.Tensor:
    """The gradient after a constraint: `mask`, `half-space` (its normal) or `orthogonal` (rows of a basis, flat)."""
    if kind == "mask":
        return gradient * given
    if kind == "half-space":  # g - min(<g, n>, 0) / <n, n> n (A-GEM, 1812.00420, eq. 11)
        product = torch.dot(gradient, given).clamp(max=0)
        return gradient - given * (product / torch.dot(given, given).clamp(min=1e-30))
    basis = given.view(-1, len(gradient))
    return gradient - basis.T @ (basis @ gradient)


def component_rates(trainable: Trainable, rates: dict[str, float]) -> torch.Tensor:
    """A factor on the learning rate for each parameter: that of the longest key which its tensor's name contains, else 1."""
    keys = sorted(rates, key=len, reverse=True)
    factors = torch.ones_like(trainable.values)
    for name, part in trainable.named(factors).items():
        key = next((key for key in keys if key in name), None)
        if key is not None:
            part.fill_(rates[key])
    return factors


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

    The bias corrections c1, c2 are folded into the step: rate·(m/c1)/(√(v/c2) + ε) = (rate·√c2/c1)·m/(√v + ε·√c2).
    Where `mask` is 0, parameters and moments keep their bits. Throws DIVERGED, and changes nothing, where the norm or the
    loss is not finite.
    """
    norm = torch.linalg.vector_norm(gradient).item()
    check_finite(loss, norm)
    state = (trainable.values, trainable.first, trainable.second)
    frozen = None if mask is None else mask == 0
    before = [] if frozen is None else [own[frozen] for own in state]
    step = trainable.step + 1
    rate, beta1, beta2 = update["learningRate"], update["beta1"], update["beta2"]
    root = math.sqrt(1 - beta2**step)
    clip = update.get("clip")
    factor = 1.0 if clip is None else min(1.0, clip / (norm + 1e-6))
    trainable.first.mul_(beta1).add_(gradient, alpha=factor * (1 - beta1))
    trainable.second.mul_(beta2).addcmul_(gradient, gradient, value=factor * factor * (1 - beta2))
    change = trainable.first / (trainable.second.sqrt() + update["epsilon"] * root)
    rates = update.get("componentRates") or None
    factors = component_rates(trainable, rates) if rates else None
    if factors is not None:
        change *= factors
    decay = rate * update["weightDecay"]
    if decay > 0:
        matrices = slice(0, trainable.matrices)
        trainable.values[matrices] *= 1 - decay * (factors[matrices] if factors is not None else 1)
    trainable.values.sub_(change, alpha=rate * root / (1 - beta1**step))
    if anchor is not None:
        pull = importance * (rate * update["proximal"]["strength"])
        if factors is not None:
            pull *= factors
        trainable.values.copy_((trainable.values + pull * anchor) / (pull + 1))
    for own, kept in zip(state, before):
        own[frozen] = kept
    trainable.step = step
    trainable.round()
    return norm
