"""Keys and values of blocks of prompts by all tokens up to their end: prompts that begin alike share them."""

import hashlib
from array import array
from collections import OrderedDict

import torch

from .attention import BLOCK


def block_keys(tokens: list[int], scope: str) -> list[bytes]:
    """A digest for each whole block, over it and the digest of the one before, at first the scope."""
    keys = [scope.encode()]
    for end in range(BLOCK, len(tokens) + 1, BLOCK):
        keys.append(hashlib.sha256(keys[-1] + array("q", tokens[end - BLOCK : end]).tobytes()).digest())
    return keys[1:]


class PrefixCache:
    """Keeps blocks up to so many bytes. Those that were used least recently are dropped, of a prompt the last ones first."""

    def __init__(self, most_bytes: int):
        self.most_bytes = most_bytes
        self.bytes = 0
        #: By key the tensors [BLOCK, heads, d] of all layers.
        self.blocks: OrderedDict[bytes, list[torch.Tensor]] = OrderedDict()

    def find(self, keys: list[bytes]) -> list[list[torch.Tensor]]:
        """The blocks that are kept of a prompt's beginning."""
        known = next((i for i, key in enumerate(keys) if key not in self.blocks), len(keys))
        for key in reversed(keys[:known]):
            self.blocks.move_to_end(key)
        return [self.blocks[key] for key in keys[:known]]

    def add(self, keys: list[bytes], block_at) -> None:
        """Keeps blocks as far as they are new; `block_at` gives those of a number."""
        for i, key in reversed(list(enumerate(keys))):
            if key in self.blocks:
                self.blocks.move_to_end(key)
                continue
            block = block_at(i)
            size = _size(block)
            if size > self.most_bytes:
                return
            self.blocks[key] = block
            self.bytes += size
            while self.bytes > self.most_bytes:
                self.bytes -= _size(self.blocks.popitem(last=False)[1])

    def clear(self) -> None:
        self.blocks.clear()
        self.bytes = 0


def _size(block: list[torch.Tensor]) -> int:
    return sum(part.nbytes for part in block)
