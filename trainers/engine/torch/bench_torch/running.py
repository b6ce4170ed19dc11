"""Requests that come one by one and are answered together, each from the token at which it comes to its own end.

Continuous batching (Yu et al., Orca, OSDI 2022) with prompts that are read in pieces between the tokens of other answers
(Sarathi, 2308.16369). Pieces end at multiples of BLOCK, so on a CPU an answer has the bits that it has alone, whatever else
is answered and whatever was kept of its prompt.
"""

from collections import deque
from dataclasses import dataclass, field

import torch

from .answers import MOST_CACHE, MOST_ROWS, place_bytes, stop_check
from .attention import BLOCK
from .errors import BenchError
from .generation import Decoder, PlaceCache, Row, choose, forward, run_length
from .memory import is_short, too_small
from .prefixes import PrefixCache, block_keys
from .wire import failure

#: Tokens of prompts that are read between two tokens of the answers.
MOST_READ = {"cpu": 64, "cuda": 512}


@dataclass(kw_only=True, eq=False)
class Asked(Row):
    """A request that waits or is under way."""

    number: int
    ends: set[int]
    has_stop: object
    #: Digests of the prompt's blocks.
    keys: list[bytes]
    cached: int = 0
    #: Tokens that were told: after a restart they come again.
    told: int = 0
    length: int = field(init=False)

    def __post_init__(self):
        self.length = run_length(len(self.prompt) + self.limit)

    @property
    def reads(self) -> bool:
        return self.used < len(self.prompt)


class RunningBatch:
    """The requests to one model. `say` sends a message: tokens while answers are written, and answers."""

    def __init__(self, model, kept_bytes: int, say):
        self.model = model
        self.say = say
        self.prefixes = PrefixCache(kept_bytes)
        self.waiting: deque[Asked] = deque()
        self.rows: list[Asked] = []
        self.cache: PlaceCache | None = None
        self.decoder: Decoder | None = None
        self.most_rows = MOST_ROWS
        self.most_places = MOST_CACHE[model.device.type] // place_bytes(model)

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self.rows)

    def add(self, number: int, request: dict, decoding: dict, ends: list[int]) -> None:
        """Begins with a request when there is room. What is said of it has its number."""
        prompt = request["tokens"]
        limit = min(decoding["maxNewTokens"], self.model.context - len(prompt))
        keys = block_keys(prompt, request.get("scope") or "") if self.prefixes.most_bytes > 0 else []
        stops = stop_check(self.model, decoding)
        row = Asked(request["id"], prompt, limit, decoding, number=number, ends=set(ends), has_stop=stops, keys=keys)
        self.waiting.append(row)

    def leave(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        for row in [*self.rows, *self.waiting]:
            if row.number == number:
                self.fail([row], BenchError("CANCELLED", "nobody waits for the answer"))

    def fail(self, rows: list[Asked], error: Exception) -> None:
        for row in rows:
            self.say({"id": row.number, "error": failure(error)})
        self.rows = [row for row in self.rows if row not in rows]
        self.waiting = deque(row for row in self.waiting if row not in rows)

    def step(self) -> None:
        """Reads a piece of the prompts, and writes the next token of every answer whose prompt was read."""
        try:
            self.admit()
            told = self.advance()
        except Exception as error:
            if not is_short(error):
                self.fail([*self.rows, *self.waiting], error)
                return
            self.make_room(error)
            told = []
        self.say({"method": "step", "params": {"tokens": told}})

    def admit(self) -> None:
        """Begins with those that wait, in their order, while there is room."""
        while self.waiting and len(self.rows) < self.most_rows:
            row = self.waiting[0]
            first = self.room_for(row.length)
            if first is None:
                return
            try:
                self.provide(first + row.length, row.length)
            except (RuntimeError, MemoryError) as error:
                if not self.rows or not is_short(error):
                    raise
                self.most_rows = len(self.rows)
                return
            blocks = self.prefixes.beginning(row.keys[: (len(row.prompt) - 1) // BLOCK])
            for i, block in enumerate(blocks):
                self.cache.write(first + i * BLOCK, block)
            row.first = first
            row.used = row.cached = len(blocks) * BLOCK
            self.rows.append(self.waiting.popleft())

    def room_for(self, length: int) -> int | None:
        """Where a run of so many places is free; a request that is alone may have more than there is room for several."""
        first = PlaceCache.IDLE
        for row in sorted(self.rows, key=lambda row: row.first):
            if row.first - first >= length:
                return first
            first = row.first + row.length
        return first if not self.rows or first + length <= self.most_places else None

    def provide(self, places: int, longest: int) -> None:
        """Makes the cache as large as it must be."""
        if self.cache is None or (not self.rows and self.cache.places > self.most_places):
            self.cache = PlaceCache(self.model.layers, places - PlaceCache.IDLE, longest)
        elif places > self.cache.places or longest > self.cache.capacity:
            self.cache.capacity = max(longest, self.cache.capacity)
            self.cache.grow(max(places, min(2 * self.cache.places, self.most_places)))
        else:
            return
        self.decoder = Decoder(self.model, self.cache, MOST_ROWS)

    @torch.no_grad()
    def advance(self) -> list[list[int]]:
        """The number and the next token of each answer that goes on."""
        reads = any(row.reads for row in self.rows)
        counts = self.counts() if reads else [1] * len(self.rows)
        own = [(row, count) for row, count in zip(self.rows, counts) if count > 0]
        rows, counts = [row for row, _ in own], [count for _, count in own]
        logits = forward(self.model, self.cache, rows, counts) if reads else self.decoder.step(rows)
        ready = [i for i, (row, count) in enumerate(own) if row.used + count >= len(row.prompt)]
        for row in (rows[i] for i in ready):
            if row.reads:
                self.keep(row)
        choose(logits[ready], [rows[i] for i in ready])
        for row, count in own:
            row.used += count
        return self.tell([rows[i] for i in ready])

    def counts(self) -> list[int]:
        """How many tokens of each row are computed next: of prompts whole blocks, up to their end."""
        left, counts = MOST_READ[self.model.device.type], []
        for row in self.rows:
            missing = len(row.prompt) - row.used
            count = 1 if missing <= 0 else missing if missing <= left else left // BLOCK * BLOCK
            left -= count if missing > 0 else 0
            counts.append(count)
        return counts

    def keep(self, row: Asked) -> None:
        """Keeps the blocks of a prompt that was read."""

        def block_at(i: int) -> list[torch.Tensor]:
            return self.cache.read(row.first + i * BLOCK, BLOCK)

        self.prefixes.keep(row.keys, block_at)

    def tell(self, rows: list[Asked]) -> list[list[int]]:
        """Answers those that have ended; of the others the tokens that were not told yet."""
        ended = [row for row in rows if row.ended(row.ends, row.has_stop)]
        for row in ended:
            self.say({"id": row.number, "result": {"tokens": row.tokens, "cached": row.cached}})
        self.rows = [row for row in self.rows if row not in ended]
        grown = [row for row in rows if row not in ended and len(row.tokens) > row.told]
        for row in grown:
            row.told = len(row.tokens)
        return [[row.number, row.tokens[-1]] for row in grown]

    def make_room(self, error: Exception) -> None:
        """Where the memory ran out, all begin again with nothing kept and half as many at a time; one that is alone fails."""
        begun, self.rows = self.rows, []
        had = self.cache.places - PlaceCache.IDLE if self.cache is not None else 0
        spare = self.prefixes.bytes > 0 or had > sum(row.length for row in begun)
        self.prefixes.clear()
        self.cache = self.decoder = None
        torch.cuda.empty_cache()
        for row in reversed(begun):
            row.tokens.clear()
            self.waiting.appendleft(row)
        if len(begun) > 1:
            self.most_rows = len(begun) // 2
        elif not spare:
            self.fail([self.waiting[0]], too_small(error))
