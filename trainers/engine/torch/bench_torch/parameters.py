"""Parameters as one flat float32 vector, with the state of AdamW."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import accumulate

import torch
from torch.nn import Parameter
from torch.utils.hooks import RemovableHandle

from .division import Division
from .ranks import Ranks, local


class Trainable:
    """The parameters that are trained, matrices before vectors, over one flat vector.

    In float32 they are views of the vector. In another dtype the vector holds float32 master weights, which are rounded
    to the nearest into the parameters after each change. What training alone needs is made when it begins.

    Where several processes divide the parameters, vectors are this process's parts; see `Division`.
    """

    def __init__(self, named: dict[str, Parameter], device: torch.device, ranks: Ranks):
        ordered = sorted(named.items(), key=lambda item: item[1].dim() < 2)
        self.names = [name for name, _ in ordered]
        self.parameters = [parameter for _, parameter in ordered]
        self.device = device
        self.division = Division(ranks, self.parameters)
        self.split = self.division.split
        self.sizes = self.division.sizes
        self.length = self.division.length
        #: Elements of matrices, which come first: weight decay applies to them alone.
        self.matrices = sum(size for size, own in zip(self.sizes, self.parameters) if own.dim() > 1)
        self.step = 0
        self.hooks: list[RemovableHandle] = []
        self.rates: dict[str, float] = {}
        self.known = [1.0] * len(self.names)
        self.still: list[slice] = []
        self.direct = not self.division.divided and all(parameter.dtype == torch.float32 for parameter in self.parameters)
        for parameter in self.parameters:
            parameter.requires_grad_(True)
        if self.direct:
            for parameter, own in zip(self.parameters, self.split(self.values)):
                parameter.data = own

    @cached_property
    def values(self) -> torch.Tensor:
        values = torch.empty(sum(self.sizes), device=self.device)
        for parameter, own in zip(self.parameters, self.split(values)):
            own.copy_(local(parameter))
        return values

    @cached_property
    def gradient(self) -> torch.Tensor:
        """What `backward` adds to. In another dtype than float32 the gradients are added to it one by one as they come."""
        gradient = torch.zeros_like(self.values)
        for parameter, own in zip(self.parameters, self.split(gradient)):
            if self.direct:
                parameter.grad = own
            else:
                self.hooks.append(parameter.register_post_accumulate_grad_hook(partial(_move, own)))
        return gradient

    @cached_property
    def first(self) -> torch.Tensor:
        return torch.zeros_like(self.values)

    @cached_property
    def second(self) -> torch.Tensor:
        return torch.zeros_like(self.values)

    @property
    def bytes(self) -> int:
        """Of what is held besides the parameters themselves."""
        held = [name for name in ("values", "gradient", "first", "second") if name in self.__dict__]
        return 4 * sum(self.sizes) * (len(held) - self.direct)

    def named(self, vector: torch.Tensor) -> dict[str, torch.Tensor]:
        """The tensors of a vector by name, as views."""
        return dict(zip(self.names, self.split(vector)))

    def factors(self, rates: dict[str, float] | None) -> list[float]:
        """A factor on each tensor's learning rate: that of the longest key which its name contains, else 1.

        Those of the last rates are kept, since a step asks several times.
        """
        rates = rates or {}
        if rates != self.rates:
            keys = sorted(rates, key=len, reverse=True)
            self.rates = rates
            self.known = [next((rates[key] for key in keys if key in name), 1.0) for name in self.names]
            ends = accumulate(self.sizes)
            self.still = [slice(end - size, end) for end, size, own in zip(ends, self.sizes, self.known) if own == 0]
        return self.known

    def freeze(self, vector: torch.Tensor, rates: dict[str, float] | None) -> torch.Tensor:
        """Sets a vector to 0, in place, where a rate is."""
        self.factors(rates)
        for part in self.still:
            vector[part].zero_()
        return vector

    @contextmanager
    def freezing(self, rates: dict[str, float] | None) -> Iterator[None]:
        """No gradient is computed within for parameters whose rate is 0; where FSDP2 divides them, for all alike."""
        factors = [] if self.division.divided else self.factors(rates)
        still = [own for own, factor in zip(self.parameters, factors) if factor == 0]
        for parameter in still:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in still:
                parameter.requires_grad_(True)

    def add_up(self) -> None:
        """Makes the gradient that of all processes, where FSDP2 has not."""
        if not self.division.divided:
            self.division.ranks.sum(self.gradient)

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
            local(parameter).copy_(own)

    def sharpen(self) -> None:
        """The parameters get the vector's own numbers in float32, to be folded into others; nothing is trained after it."""
        for parameter, own in zip(self.parameters, self.split(self.values)):
            parameter.data = own

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
        for hook in self.hooks:
            hook.remove()


def _move(gradient: torch.Tensor, parameter: Parameter) -> None:
    gradient.add_(local(parameter.grad))
    parameter.grad = None


#: Elements that are computed in double precision at a time: of a product; of a sum, by device: on a CPU they stay in the cache.
_PRODUCT = 1 << 24
_SUM = {"cpu": 1 << 18, "cuda": 1 << 24}


def dot(a: torch.Tensor, b: torch.Tensor) -> float:
    """The inner product of what is in this process, summed in double precision."""
    left, right = _doubles(a, _PRODUCT)
    found = 0.0
    for x, y in zip(a.split(_PRODUCT), b.split(_PRODUCT)):
        found += torch.dot(left[: len(x)].copy_(x), right[: len(y)].copy_(y)).item()
    return found


def combine(weights: list[float], vectors: list[torch.Tensor]) -> torch.Tensor:
    """Sum of weight x vector, each element summed in double precision in the order given."""
    result = torch.empty_like(vectors[0])
    size = _SUM[result.device.type]
    total, addend = _doubles(result, size)
    for start in range(0, len(result), size):
        part = slice(start, min(start + size, len(result)))
        own, added = total[: part.stop - start], addend[: part.stop - start]
        own.copy_(vectors[0][part]).mul_(weights[0])
        for weight, vector in zip(weights[1:], vectors[1:]):
            own += added.copy_(vector[part]).mul_(weight)
        result[part] = own
    return result


def _doubles(like: torch.Tensor, most: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two runs of numbers for all parts of a vector: to get memory of such a size anew for each costs more than the sums."""
    return torch.empty(2, min(most, len(like)), dtype=torch.float64, device=like.device).unbind()
