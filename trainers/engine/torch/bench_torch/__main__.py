"""Answers the calls of bench until its standard input ends."""

import os
import sys
import time
import traceback

import torch
from torch.distributed.elastic.multiprocessing.errors import get_error_handler

from .deterministic import begin
from .errors import BenchError
from .memory import ShortMemory, is_short
from .model import TorchModel
from .ranks import Ranks
from .wire import read_message, write_message

CALLS = frozenset(
    "describe layout digest tensor_bytes meter dot combine multiply snapshot restore free read write reset_optimizer "
    "save_optimizer restore_optimizer step gradient recompute apply loss logits importance adapt stack merge "
    "add_prompts missing_images add_image generate score embed activations input_moments attention head_sensitivity save load".split()
)


class Server:
    """The models that are open, and the calls on them."""

    def __init__(self, source, sink, ranks: Ranks):
        self.source = ranks.relayed(source)
        self.sink = sink
        self.ranks = ranks
        self.models: dict[int, TorchModel] = {}
        self.opened = 0
        self.last_tick = time.monotonic()

    def tick(self) -> None:
        """Says about once a second that work goes on, so that bench knows a long call from one that hangs."""
        now = time.monotonic()
        if now - self.last_tick < 1:
            return
        self.last_tick = now
        self.say({"method": "progress"})

    def say(self, what: dict) -> None:
        """What several processes find together, the first one says."""
        if self.ranks.first:
            write_message(self.sink, {"jsonrpc": "2.0", **what})

    def call(self, method: str, params: dict):
        if method == "open":
            self.opened += 1
            self.models[self.opened] = model = TorchModel(**params, tick=self.tick, ranks=self.ranks)
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
            answer = {"id": message["id"]}
            try:
                answer["result"] = self.call(message["method"], message["params"])
            except Exception as error:
                if self.ranks.several and not isinstance(error, (BenchError, ShortMemory)):
                    _end(error)
                answer["error"] = _failure(error)
            self.say(answer)


def _end(error: Exception) -> None:
    """Ends this process, and by that all of them: the others wait for it somewhere within the call."""
    get_error_handler().record_exception(error)
    os._exit(1)


def _failure(error: Exception) -> dict:
    """What is answered where a call fails: a code of bench's, OUT_OF_MEMORY, or none for what nobody expected."""
    if isinstance(error, BenchError):
        return {"code": -32000, "message": str(error), "data": {"code": error.code, "fix": error.fix}}
    if is_short(error):
        torch.cuda.empty_cache()
        return {"code": -32001, "message": str(error), "data": {"code": "OUT_OF_MEMORY"}}
    return {"code": -32603, "message": f"{type(error).__name__}: {error}", "data": {"trace": traceback.format_exc()}}


def main() -> None:
    # What libraries print goes to standard error; the pipe to bench is a descriptor of its own.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    begin(int(sys.argv[1]))
    Server(sys.stdin.buffer, sink, Ranks()).serve()


main()
