#!/usr/bin/env python3
"""A trainer for bench in one file of Python, without any dependency: copy it and put your method in its place.

    bench run trace-seq --trainers "sequential,command:python3 client.py"

The harness starts this program once a cell and speaks JSON-RPC 2.0 with it: one JSON message a line, requests on
standard input, answers on standard output. `print` is safe (it goes to standard error). The upper half of this file
is a learner; the lower half, from "The protocol" on, can stay as it is.

The learner here is a real, small one: nearest neighbor. It keeps some examples of every task in the harness's
metered rehearsal buffer and answers a question as the most similar question it remembers was answered (cosine of
character trigram counts). It forgets, because the buffer is bounded: every new task takes room from the old ones.
"""

import importlib.util
import json
import math
import os
import random
import sys
from collections import Counter

# What the harness is told about this trainer. `options` is a JSON schema; a number under `needs` may be the name of an
# option. Raise `version` whenever the same options would give other results: finished cells are found again by it.
TRAINER = {
    "name": "memorizer",
    "summary": "answers as the most similar remembered question was answered",
    "source": "nearest neighbor (Cover & Hart, 1967); reference client of the protocol",
    "version": 1,
    "schedule": "sequence",
    "options": {
        "type": "object",
        "properties": {
            "buffer_size": {"type": "integer", "minimum": 1, "default": 400, "description": "examples kept in all"},
        },
    },
    "needs": {"pastData": {"buffer": "buffer_size"}},
}


class Learner:
    """What the harness drives: learn, generate, score, save, restore, cost, release."""

    def __init__(self, context):
        # context: model (directory of the base model), device, threads, seed, options, tasks, quick
        self.seed = context["seed"]
        self.items = []  # [{"taskId", "example"}]
        self.vectors = []
        self.trained = 0
        self.generated = 0

    def learn(self, view, buffer, host):
        """view: {index, tasks: [{task, train, validation}], pastValidation, generalItems}."""
        past = buffer.items()
        seen = {item["taskId"] for item in past} | {data["task"]["id"] for data in view["tasks"]}
        share = max(1, buffer.capacity // len(seen))
        draw = random.Random("%s|%s" % (self.seed, view["index"]))
        kept = []
        for task in sorted({item["taskId"] for item in past}):
            kept += [item for item in past if item["taskId"] == task][:share]
        for data in view["tasks"]:
            examples = data["train"]
            for step, example in enumerate(examples, 1):
                host.stop_if_cancelled()
                self.trained += len(text_of(example["input"])) + len(example["references"][0])
                host.observe(step)
                if step % 100 == 0:
                    host.progress(step=step, steps=len(examples))  # and loss=…, tokensPerSecond=… where there are any
            chosen = draw.sample(examples, min(share, len(examples)))
            kept += [{"taskId": data["task"]["id"], "example": example} for example in chosen]
        self.remember(kept[: buffer.capacity])
        buffer.set(self.items)
        return {"steps": sum(len(data["train"]) for data in view["tasks"]), "notes": {"remembered": len(self.items)}}

    def generate(self, requests, decoding):
        return [self.answer(text_of(request["input"])) for request in requests]

    def answer(self, question):
        similar = self.similarities(question)
        best = max(range(len(similar)), key=similar.__getitem__, default=None)
        text = "" if best is None else self.items[best]["example"]["references"][0]
        self.generated += len(text) + 1
        return {"text": text, "tokens": len(text) + 1, "finishReason": "end"}

    def score(self, requests):
        """Log-likelihood in nats: the neighbors' answers weighted by similarity, mixed with uniform bytes."""
        scores = []
        for request in requests:
            similar = [value**8 for value in self.similarities(text_of(request["input"]))]
            wanted = request["continuation"].strip()
            equal = [item["example"]["references"][0].strip() == wanted for item in self.items]
            agreeing = sum(value for value, same in zip(similar, equal) if same)
            uniform = 257.0 ** -(len(wanted.encode()) + 1)
            scores.append(math.log(0.99 * agreeing / (sum(similar) or 1.0) + 0.01 * uniform + sys.float_info.min))
        return scores

    def similarities(self, question):
        vector = trigrams(question)
        return [sum(count * other[key] for key, count in vector.items() if key in other) for other in self.vectors]

    def remember(self, items):
        self.items = items
        self.vectors = [trigrams(text_of(item["example"]["input"])) for item in items]

    def save(self, directory):
        with open(os.path.join(directory, "memory.json"), "w", encoding="utf-8") as file:
            json.dump({"items": self.items, "trained": self.trained, "generated": self.generated}, file)

    def restore(self, directory):
        with open(os.path.join(directory, "memory.json"), encoding="utf-8") as file:
            state = json.load(file)
        self.remember(state["items"])
        self.trained, self.generated = state["trained"], state["generated"]

    def cost(self):
        """What is not known is left out, never 0. Tokens of this learner are characters."""
        return {"trainedTokens": self.trained, "generatedTokens": self.generated, "trainableParameters": 0}

    def release(self):
        self.items, self.vectors = [], []


def trigrams(text):
    """Counts of character trigrams, scaled to length 1."""
    counts = Counter(text[start : start + 3] for start in range(max(1, len(text) - 2)))
    length = math.sqrt(sum(count * count for count in counts.values()))
    return {key: count / length for key, count in counts.items()}


# --- The protocol ---------------------------------------------------------------------------------------------------


PROTOCOL = "bench-learner@2"


def text_of(parts):
    """The text of an input."""
    return "".join(part["text"] for part in parts if part["type"] == "text")


class Failure(Exception):
    """An error with a code of the harness: DIVERGED for a loss that is not finite, CANCELLED, PRIVILEGE_EXCEEDED."""

    def __init__(self, code, message, fix=None):
        super().__init__(message)
        self.code, self.fix = code, fix


class Host:
    """The harness, as seen from here."""

    def __init__(self, trainer, make_learner, packages):
        self.trainer, self.make_learner, self.packages = trainer, make_learner, packages
        self.output = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        self.input = os.fdopen(os.dup(0), "rb", buffering=0)
        os.dup2(2, 1)  # whatever else writes to standard output must not mix with the protocol
        self.pending = b""
        self.cancelled = False
        self.observed = False
        self.learner = None
        self.next_id = 1

    def send(self, **message):
        self.output.write(json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False) + "\n")
        self.output.flush()

    def receive(self):
        """The next message; None at the end of input."""
        while b"\n" not in self.pending:
            chunk = self.input.read(1 << 16)
            if not chunk:
                return None
            self.pending += chunk
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def ask(self, method, params=None):
        """A request of ours to the harness, made while it waits for our answer."""
        own, self.next_id = self.next_id, self.next_id + 1
        self.send(id=own, method=method, params=params)
        while True:
            message = self.receive()
            if message is None:
                sys.exit(0)
            if message.get("method") == "cancel":
                self.cancelled = True
            elif "method" in message and "id" in message:
                self.answer(message)
            elif message.get("id") == own:
                if "error" in message:
                    data = message["error"].get("data") or {}
                    raise Failure(data.get("code", "PLUGIN_FAILED"), message["error"]["message"], data.get("fix"))
                return message["result"]

    def observe(self, step):
        """Call it after each step: the harness may ask `generate` of the learner as it stands, and then returns."""
        if self.observed:
            self.ask("observe", {"step": step})

    def progress(self, **event):
        """Any message is a sign of life: report at least every few minutes."""
        self.send(method="progress", params=event)

    def stop_if_cancelled(self):
        """Call it between steps. A cancel message is read here without waiting, where the system can tell."""
        if not self.cancelled and os.name == "posix":
            import select

            while not self.cancelled and (b"\n" in self.pending or select.select([self.input], [], [], 0)[0]):
                message = self.receive()
                if message is None:
                    sys.exit(0)
                self.cancelled = message.get("method") == "cancel"
        if self.cancelled:
            raise Failure("CANCELLED", "cancelled")

    def require_packages(self):
        missing = [name for name in self.packages if importlib.util.find_spec(name) is None]
        if missing:
            needed = " ".join(missing)
            fix = "Install them: %s -m pip install %s" % (sys.executable, needed)
            raise Failure("PLUGIN_INVALID", "%s lacks the packages it needs: %s" % (sys.executable, needed), fix)

    def answer(self, message):
        """Does what a request of the harness asks for, and sends the result or what went wrong."""
        method, params = message["method"], message.get("params") or {}
        try:
            if method == "describe":
                self.require_packages()
                result = {"protocol": PROTOCOL, "trainers": [self.trainer]}
            elif method == "create":
                self.learner, result = self.make_learner(params["context"]), {}
            elif method == "learn":
                self.cancelled, self.observed = False, params.get("observed", False)
                result = self.learner.learn(params["view"], Buffer(self, params["bufferCapacity"]), self)
            elif method in ("generate", "score", "save", "restore", "cost", "release"):
                result = getattr(self.learner, method)(**params)
            else:
                raise Failure("PLUGIN_FAILED", "there is no method %r" % method)
            self.send(id=message["id"], result=self.with_cost(method, result))
        except Exception as error:  # everything goes to the harness, which decides
            import traceback

            traceback.print_exc()
            data = {"code": getattr(error, "code", "PLUGIN_FAILED"), "fix": getattr(error, "fix", None)}
            text = "%s: %s" % (type(error).__name__, error)
            self.send(id=message["id"], error={"code": -32000, "message": text, "data": data})


    def with_cost(self, method, result):
        """The learner's cost goes with each answer that may have changed it."""
        if method in ("create", "learn", "restore"):
            return {**(result or {}), "cost": self.learner.cost()}
        if method in ("generate", "score"):
            return {"answers" if method == "generate" else "scores": result, "cost": self.learner.cost()}
        return result


class Buffer:
    """Past data, kept and metered by the harness: bounded by what `needs` declares."""

    def __init__(self, host, capacity):
        self.host, self.capacity = host, capacity

    def items(self):
        return self.host.ask("buffer.get")["items"]

    def set(self, items):
        self.host.ask("buffer.set", {"items": items})


def serve(trainer, make_learner, packages=()):
    """Answers the harness until standard input ends. `packages`: what must be installed, checked before anything runs."""
    host = Host(trainer, make_learner, packages)
    while True:
        message = host.receive()
        if message is None:
            return
        if "id" in message:
            host.answer(message)


if __name__ == "__main__":
    serve(TRAINER, Learner)
