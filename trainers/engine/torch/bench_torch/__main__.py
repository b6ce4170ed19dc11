"""Answers the calls of bench until its standard input ends."""

import os
import sys
import time
import traceback

import torch

from .deterministic import begin
from .errors import BenchError
from .model import TorchModel
from .wire import read_message, write_message

CALLS = frozenset(
    "describe layout digest tensor_bytes meter dot combine multiply snapshot restore free read write reset_optimizer "
    "save_optimizer restore_optimizer step gradient recompute apply loss logits importance adapt stack merge "
    "add_prompts missing_images add_image generate score embed activations save load".split()
)


class Server:
    """The models that are open, and the calls on them."""

    def __init__(self, source, sink):
        self.source = source
        self.sink = sink
        self.models: dict[int, TorchModel] = {}
        self.opened = 0
        self.last_tick = time.monotonic()

    def tick(self) -> None:
        """Says about once a second that work goes on, so that bench knows a long call from one that hangs."""
        now = time.monotonic()
        if now - self.last_tick < 1:
            return
        self.last_tick = now
        write_message(self.sink, {"jsonrpc": "2.0", "method": "progress"})

    def call(self, method: str, params: dict):
        if method == "open":
            self.opened += 1
            self.models[self.opened] = model = TorchModel(**params, tick=self.tick)
            return {"model": self.opened, **model.describe()}
        model = params.pop("model")
        if method == "release":
            self.models.pop(model, None)
            return None
        if method not in CALLS:
            raise BenchError("INTERNAL", f"There is no call {method}.")
        return getattr(self.models[model], method)(**params)

    def serve(self) -> None:
        while (message := read_message(self.source)) is not None:
            answer = {"jsonrpc": "2.0", "id": message["id"]}
            try:
                answer["result"] = self.call(message["method"], message["params"])
            except Exception as error:
                answer["error"] = _failure(error)
            write_message(self.sink, answer)


def _failure(error: Exception) -> dict:
    """What is answered where a call fails: a code of bench's, OUT_OF_MEMORY, or none for what nobody expected."""
    if isinstance(error, BenchError):
        return {"code": -32000, "message": str(error), "data": {"code": error.code, "fix": error.fix}}
    # On a GPU it is an error of its own; on a CPU the allocator says it.
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error):
        torch.cuda.empty_cache()
        return {"code": -32001, "message": str(error), "data": {"code": "OUT_OF_MEMORY"}}
    return {"code": -32603, "message": f"{type(error).__name__}: {error}", "data": {"trace": traceback.format_exc()}}


def main() -> None:
    # What libraries print goes to standard error; the pipe to bench is a descriptor of its own.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    begin(int(sys.argv[1]))
    Server(sys.stdin.buffer, sink).serve()


main()
