"""Which part of the flat vectors over some parameters each of several processes has."""

from dataclasses import dataclass

import torch
from torch.distributed.tensor import DTensor
from torch.nn import Parameter

from .ranks import Ranks, local


class Division:
    """With parameters that FSDP2 divided, a process's vectors are of its rows of each; else of all of them."""

    def __init__(self, ranks: Ranks, parameters: list[Parameter]):
        self.ranks = ranks
        self.parameters = parameters
        self.divided = any(isinstance(parameter, DTensor) for parameter in parameters)
        #: Of this process's parts.
        self.shapes = [local(parameter).shape for parameter in parameters]
        self.sizes = [shape.numel() for shape in self.shapes]
        #: Of all processes' parts together.
        self.length = sum(parameter.numel() for parameter in parameters)

    @property
    def factor(self) -> int:
        """On a loss before its gradient is taken: FSDP2 takes the mean over the processes, the objective is their sum."""
        return self.ranks.size if self.divided else 1

    @property
    def share(self) -> float:
        """What counts here of what every process finds, so that the sum over them counts it once."""
        return 1 if self.divided else 1 / self.ranks.size

    def across(self, found: torch.Tensor) -> torch.Tensor:
        """The sum over the processes of what each found in its part of a vector, in place."""
        return self.ranks.sum(found) if self.divided else found

    def norm(self, vector: torch.Tensor) -> float:
        norm = torch.linalg.vector_norm(vector)
        return (self.across(norm.square()).sqrt() if self.divided else norm).item()

    def split(self, vector: torch.Tensor) -> list[torch.Tensor]:
        """The tensors of a vector, as views."""
        return [part.view(shape) for part, shape in zip(torch.split(vector, self.sizes), self.shapes)]

    def part(self, whole: torch.Tensor) -> torch.Tensor:
        """This process's part of a vector, or of several one behind another."""
        if not self.divided:
            return whole
        sizes = [parameter.numel() for parameter in self.parameters]
        return torch.cat([
            self.ranks.part(tensor.view(parameter.shape), parameter).flatten()
            for vector in whole.split(self.length)
            for tensor, parameter in zip(vector.split(sizes), self.parameters)
        ])  # fmt: skip

    def whole(self, vector: torch.Tensor, start: int = 0, end: int | None = None) -> torch.Tensor:
        """The vector, or several one behind another, of all parts, or what it has from a place to before another; on the CPU where there are several."""
        if not self.divided:
            return vector[start:end]
        found, place = [], 0
        for part in vector.split(sum(self.sizes)):
            for tensor, parameter in zip(self.split(part), self.parameters):
                after = place + parameter.numel()
                if after > start and (end is None or place < end):
                    values = self.ranks.whole(tensor, parameter).flatten().cpu()
                    found.append(values[max(0, start - place) : None if end is None else end - place])
                place = after
        return torch.cat(found)


@dataclass
class Held:
    """A vector that bench has a handle of: this process's part, and the length of the whole."""

    values: torch.Tensor
    length: int
    division: Division
