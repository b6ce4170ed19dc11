"""Keys and values of blocks of prompts by all tokens up to their end: prompts that begin alike share them."""

import hashlib
from array import array
from collections.abc import Callable

import torch

from .attention import BLOCK
from .recent import Recent


def block_keys(tokens: list[int], scope: str) -> list[bytes]:
    """A digest for each whole block, over it and the digest of the one before, at first the scope."""
    keys = [scope.encode()]
    for end in range(BLOCK, len(tokens) + 1, BLOCK):
        keys.append(hashlib.sha256(keys[-1] + array("q", tokens[end - BLOCK : end]).tobytes()).digest())
    return keys[1:]


class PrefixCache(Recent):
    """Keeps blocks, each the tensors [BLOCK, heads, d] of all layers. Of a prompt the last ones are dropped first."""

    def beginning(self, keys: list[bytes]) -> list[list[torch.Tensor]]:
        """The blocks that are kept of a prompt's beginning."""
        known = next((i for i, key in enumerate(keys) if key not in self), len(keys))
        return [self.find(key) for key in reversed(keys[:known])][::-1]

    def keep(self, keys: list[bytes], block_at: Callable[[int], list[torch.Tensor]]) -> None:
        """Keeps blocks as far as they are new; `block_at` gives those of a number."""
        for i, key in reversed(list(enumerate(keys))):
            if self.find(key) is None:
                self.add(key, block_at(i))
