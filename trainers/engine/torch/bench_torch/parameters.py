"""Parameters as one flat float32 vector, with the state of AdamW."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn import Parameter


class Trainable:
    """The parameters that are trained, matrices before vectors, over one flat vector.

    In float32 they are views of the vector. In another dtype the vector holds float32 master weights, which are rounded
    to the nearest into the parameters after each change.
    """

    def __init__(self, named: dict[str, Parameter], device: torch.device):
        ordered = sorted(named.items(), key=lambda item: item[1].dim() < 2)
        self.names = [name for name, _ in ordered]
        self.parameters = [parameter for _, parameter in ordered]
        self.sizes = [parameter.numel() for parameter in self.parameters]
        self.length = sum(self.sizes)
        #: Elements of matrices, which come first: weight decay applies to them alone.
        self.matrices = sum(size for size, own in zip(self.sizes, self.parameters) if own.dim() > 1)
        self.values = torch.empty(self.length, device=device)
        self.gradient = torch.zeros(self.length, device=device)
        self.first = torch.zeros(self.length, device=device)
        self.second = torch.zeros(self.length, device=device)
        self.step = 0
        self.direct = all(parameter.dtype == torch.float32 for parameter in self.parameters)
        for parameter, own, gradient in zip(self.parameters, self.split(self.values), self.split(self.gradient)):
            own.copy_(parameter.data)
            parameter.requires_grad_(True)
            if self.direct:
                parameter.data = own
                parameter.grad = gradient

    def split(self, vector: torch.Tensor) -> list[torch.Tensor]:
        """The tensors of a vector, as views."""
        parts = torch.split(vector, self.sizes)
        return [part.view(own.shape) for part, own in zip(parts, self.parameters)]

    def named(self, vector: torch.Tensor) -> dict[str, torch.Tensor]:
        """The tensors of a vector by name, as views."""
        return dict(zip(self.names, self.split(vector)))

    def layout(self) -> list[dict]:
        return [{"name": name, "shape": list(own.shape)} for name, own in zip(self.names, self.parameters)]

    def set(self, vector: torch.Tensor) -> None:
        self.values.copy_(vector)
        self.round()

    def round(self) -> None:
        """Carries the vector's numbers into parameters that are not views of it."""
        if self.direct:
            return
        for parameter, own in zip(self.parameters, self.split(self.values)):
            parameter.data.copy_(own)

    def backward(self, objective: torch.Tensor, keep: bool = False) -> None:
        """Adds the gradient of a scalar to `gradient`; `keep` leaves the graph for another one."""
        objective.backward(retain_graph=keep)
        if self.direct:
            return
        for parameter, gradient in zip(self.parameters, self.split(self.gradient)):
            if parameter.grad is not None:
                gradient.add_(parameter.grad)
                parameter.grad = None

    @contextmanager
    def using(self, vector: torch.Tensor | None) -> Iterator[None]:
        """The parameters have these numbers within, and their own again after it."""
        if vector is None:
            yield
            return
        own = self.values.clone()
        self.set(vector)
        try:
            yield
        finally:
            self.set(own)

    def give_up(self) -> None:
        """The parameters are frozen and no longer trained by this."""
        for parameter in self.parameters:
            parameter.requires_grad_(False)
            parameter.grad = None


_CHUNK = 1 << 24


def dot(a: torch.Tensor, b: torch.Tensor) -> float:
    """The inner product, summed in double precision."""
    parts = zip(a.split(_CHUNK), b.split(_CHUNK))
    return sum(torch.dot(left.double(), right.double()).item() for left, right in parts)


def combine(weights: list[float], vectors: list[torch.Tensor]) -> torch.Tensor:
    """Sum of weight x vector, each element summed in double precision in the order given."""
    result = torch.empty_like(vectors[0])
    for start in range(0, len(result), _CHUNK):
        part = slice(start, start + _CHUNK)
        total = vectors[0][part].double() * weights[0]
        for weight, vector in zip(weights[1:], vectors[1:]):
            total += vector[part].double() * weight
        result[part] = total
    return result
