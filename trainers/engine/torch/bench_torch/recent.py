"""What was used last, as far as it fits into so many bytes."""

from collections import OrderedDict
from collections.abc import Hashable

import torch


class Recent:
    """Tensors by a key. Those that were used least recently are dropped; what does not fit by itself is not kept."""

    def __init__(self, most_bytes: int):
        self.most_bytes = most_bytes
        #: Of all that is kept.
        self.bytes = 0
        self.values: OrderedDict[Hashable, list[torch.Tensor]] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self.values

    def find(self, key: Hashable) -> list[torch.Tensor] | None:
        if key in self.values:
            self.values.move_to_end(key)
        return self.values.get(key)

    def add(self, key: Hashable, tensors: list[torch.Tensor]) -> None:
        size = _size(tensors)
        if size > self.most_bytes or key in self.values:
            return
        self.values[key] = tensors
        self.bytes += size
        while self.bytes > self.most_bytes:
            self.bytes -= _size(self.values.popitem(last=False)[1])

    def clear(self) -> None:
        self.values.clear()
        self.bytes = 0


def _size(tensors: list[torch.Tensor]) -> int:
    return sum(own.nbytes for own in tensors)
