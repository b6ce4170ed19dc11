"""Answers the calls of bench until its standard input ends."""

import gc
import os
import queue
import sys
import threading
import time

from torch.distributed.elastic.multiprocessing.errors import get_error_handler

from .deterministic import begin
from .errors import BenchError
from .memory import ShortMemory
from .model import TorchModel
from .ranks import Ranks
from .running import RunningBatch
from .wire import failure, read_message, write_message

CALLS = frozenset(
    "describe layout digest tensor_bytes meter dot combine multiply moving snapshot restore free read write reset_optimizer "
    "save_optimizer restore_optimizer step gradient recompute apply loss logits importance adapt stack merge "
    "add_prompts missing_images add_image generate score embed activations input_moments attention head_sensitivity save load".split()
)

#: In the place of a result: nothing is said now.
DEFERRED = object()


class Server:
    """The models that are open, and the calls on them."""

    def __init__(self, source, sink, ranks: Ranks):
        self.source = ranks.relayed(source)
        self.sink = sink
        self.ranks = ranks
        self.models: dict[int, TorchModel] = {}
        self.opened = 0
        self.last_tick = time.monotonic()
        self.inbox: queue.SimpleQueue = queue.SimpleQueue()
        # The messages of several processes are passed on where they are waited for; none of theirs joins what is computed.
        if not ranks.several:
            threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        """Puts what is read into the inbox, so that it can be looked at between two tokens."""
        while self.hear():
            pass

    def hear(self) -> bool:
        """Waits for a message, and keeps no reference to it. False where none can follow."""
        try:
            message = read_message(self.source)
        except Exception as error:
            message = error
        self.inbox.put(message)
        return message is not None and not isinstance(message, Exception)

    def next(self, wait: bool) -> dict | None:
        """The next message; None at the end of the stream. Throws queue.Empty where there is none and it is not to wait."""
        message = read_message(self.source) if self.ranks.several else self.inbox.get(wait)
        if isinstance(message, Exception):
            raise message
        return message

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

    def call(self, method: str, params: dict, number: int | None):
        """What is answered; DEFERRED where that is said later."""
        if method == "open":
            self.opened += 1
            kept = params.pop("prompt_bytes", None)
            self.models[self.opened] = model = TorchModel(**params, tick=self.tick, ranks=self.ranks)
            if kept is not None:
                model.running = RunningBatch(model, kept, self.say)
            return {"model": self.opened, **model.describe()}
        if method == "leave":
            for model in self.models.values():
                if model.running is not None:
                    model.running.leave(**params)
            return DEFERRED
        model = params.pop("model")
        if method == "release":
            self.models.pop(model, None)
            gc.collect()  # its modules refer to each other, and Python looks for such cycles by their number, not their bytes
            return None
        if method == "answer":
            self.models[model].running.add(number, **params)
            return DEFERRED
        if method not in CALLS:
            raise BenchError("INTERNAL", f"There is no call {method}.")
        return getattr(self.models[model], method)(**params)

    def serve(self) -> None:
        while self.turn():
            pass

    def turn(self) -> bool:
        """Answers a message, or writes the next tokens of what is under way. False at the end of the stream."""
        batches = [model.running for model in self.models.values() if model.running and model.running.busy]
        try:
            message = self.next(wait=not batches)
        except queue.Empty:
            for batch in batches:
                batch.step()
            return True
        if message is None:
            return False
        answer = {"id": message.get("id")}
        try:
            answer["result"] = self.call(message["method"], message["params"], answer["id"])
        except Exception as error:
            if self.ranks.several and not isinstance(error, (BenchError, ShortMemory)):
                _end(error)
            answer["error"] = failure(error)
        if answer.get("result") is not DEFERRED:
            self.say(answer)
        return True


def _end(error: Exception) -> None:
    """Ends this process, and by that all of them: the others wait for it somewhere within the call."""
    get_error_handler().record_exception(error)
    os._exit(1)


def main() -> None:
    # What libraries print goes to standard error; the pipe to bench is a descriptor of its own.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    begin(int(sys.argv[1]))
    gc.freeze()  # what was imported stays: no collection need look at it
    Server(sys.stdin.buffer, sink, Ranks()).serve()


main()
