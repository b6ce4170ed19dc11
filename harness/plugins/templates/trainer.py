#!/usr/bin/env python3
"""A trainer for bench in PyTorch: fine-tunes a model of transformers on one task after another. It runs as it is; put
your method in its place. Needs: pip install torch transformers

    bench run trace-seq --quick --trainers "sequential,command:python3 my_method.py"

bench starts this program once a cell and asks it to learn, to answer, to save; it never sees test answers. Past data
goes through `buffer`, as far as `needs` declares it. `print` is safe: it goes to standard error.
"""

import importlib.util
import json
import math
import os
import sys

from client import Failure, serve, text_of

# `options` is a JSON schema; a number under `needs` may be the name of an option, such as {"pastData": {"buffer": "size"}}.
# Raise `version` whenever the same options would give other results: finished cells are found again by it.
TRAINER = {
    "name": "my-method",
    "summary": "fine-tunes all parameters on one task after another, in PyTorch",
    "source": "baseline",
    "version": 1,
    "schedule": "sequence",
    "options": {
        "properties": {
            "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 7e-4, "description": "after warm-up"},
            "batch_size": {"type": "integer", "minimum": 1, "default": 16, "description": "examples per step"},
            "epochs": {"type": "number", "exclusiveMinimum": 0, "default": 3, "description": "where no suite says steps"},
        },
    },
    "needs": {"pastData": "none"},
}


class Learner:
    """What bench drives: learn, generate, score, save, restore, cost, release. What it keeps is what it saves."""

    def __init__(self, context):
        # context: model (directory of the base model), device, threads, seed, options, tasks, quick
        import torch
        import transformers

        self.torch, self.transformers = torch, transformers
        torch.set_num_threads(context["threads"])
        torch.manual_seed(context["seed"])
        self.context, self.options = context, context["options"]
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(context["model"])
        self.end = self.tokenizer.eos_token_id
        self.load(context["model"])
        self.trained = self.generated = 0

    def load(self, directory):
        auto = self.transformers.AutoModelForCausalLM
        self.model = auto.from_pretrained(directory, dtype=self.torch.float32).to(self.context["device"])

    def learn(self, view, buffer, host):
        """view: {index, tasks: [{task, train, validation}], pastValidation, generalItems}."""
        torch, rate = self.torch, self.options["learning_rate"]
        items = [self.sequence(example, data["task"]) for data in view["tasks"] for example in data["train"]]
        steps = self.steps(view["tasks"])
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=rate, betas=(0.9, 0.99), weight_decay=0.0)
        shuffle = torch.Generator().manual_seed(1000 * self.context["seed"] + view["index"])
        order, losses = [], []
        self.model.train()
        for step in range(steps):
            host.stop_if_cancelled()
            while len(order) < self.options["batch_size"]:
                order += torch.randperm(len(items), generator=shuffle).tolist()
            batch, order = order[: self.options["batch_size"]], order[self.options["batch_size"] :]
            for group in optimizer.param_groups:  # ten steps of warm-up, then a line down to a twentieth
                group["lr"] = rate * min(1, (step + 1) / 10) * (1 - 0.95 * step / steps)
            loss = self.loss([items[i] for i in batch])
            if not math.isfinite(loss.item()):
                raise Failure("DIVERGED", "the loss is not finite in step %d" % step, "Lower learning_rate.")
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            host.progress(step=step + 1, steps=steps, loss=losses[-1])
            host.observe(step + 1)
        last = losses[-max(1, steps // 10) :]
        return {"steps": steps, "finalLoss": sum(last) / len(last)}

    def steps(self, tasks):
        """What the suite recommends, in steps of 16 examples, else `epochs`; at most 60 in a quick run."""
        items = sum(
            16 * data["task"]["trainingSteps"] if "trainingSteps" in data["task"] else self.options["epochs"] * len(data["train"])
            for data in tasks
        )
        steps = max(1, round(items / self.options["batch_size"]))
        return min(steps, 60) if self.context["quick"] else steps

    def sequence(self, example, task):
        """The prompt's tokens, and those of the answer with its end."""
        answer = self.encode(" " + example["references"][0]) + [self.end]
        return self.prompt(example["input"], task["maxNewTokens"]), answer[: task["maxNewTokens"] + 1]

    def prompt(self, parts, answer_tokens):
        """[begin token] and the text; a prompt that is too long loses its start."""
        begin = [] if self.tokenizer.bos_token_id is None else [self.tokenizer.bos_token_id]
        room = self.model.config.max_position_embeddings - answer_tokens - 1 - len(begin)
        return begin + self.encode(text_of(parts))[-room:]

    def encode(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False)

    def loss(self, pairs):
        """Mean negative log-likelihood of the answers' tokens, in nats."""
        likelihoods, counts = self.log_likelihoods(pairs)
        self.trained += sum(len(prompt) + len(answer) for prompt, answer in pairs)
        return -likelihoods.sum() / sum(counts)

    def log_likelihoods(self, pairs):
        """Of each answer given its prompt; with the numbers of the answers' tokens. Padded on the right."""
        torch, device = self.torch, self.context["device"]
        rows = [prompt + answer for prompt, answer in pairs]
        longest = max(len(row) for row in rows)
        tokens = torch.tensor([row + [self.end] * (longest - len(row)) for row in rows], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=device)
        learned = torch.tensor(
            [[0] * len(prompt) + [1] * len(answer) + [0] * (longest - len(prompt) - len(answer)) for prompt, answer in pairs],
            device=device,
        )
        logits = self.model(input_ids=tokens, attention_mask=mask).logits[:, :-1].log_softmax(-1)
        own = logits.gather(-1, tokens[:, 1:, None])[..., 0] * learned[:, 1:]
        return own.sum(-1), [len(answer) for _, answer in pairs]

    def generate(self, requests, decoding):
        """decoding: {maxNewTokens, stop?, temperature?, topP?, repetitionPenalty?, seed?}; greedy without a temperature."""
        torch, limit = self.torch, decoding["maxNewTokens"]
        prompts = [self.prompt(request["input"], limit) for request in requests]
        longest = max(len(prompt) for prompt in prompts)
        tokens = torch.tensor([[self.end] * (longest - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        self.model.eval()
        with torch.no_grad():
            rows = self.model.generate(
                input_ids=tokens.to(self.context["device"]),
                attention_mask=mask.to(self.context["device"]),
                max_new_tokens=limit,
                do_sample=False,
                eos_token_id=self.end,
                pad_token_id=self.end,
            )
        return [self.answer(row[longest:].tolist(), decoding.get("stop", [])) for row in rows]

    def answer(self, tokens, stops):
        ended = self.end in tokens
        tokens = tokens[: tokens.index(self.end)] if ended else tokens
        count = len(tokens) + ended
        self.generated += count
        text = self.tokenizer.decode(tokens, skip_special_tokens=True)
        ends = [text.index(stop) for stop in stops if stop in text]
        reason = "stop" if ends else "end" if ended else "length"
        return {"text": (text[: min(ends)] if ends else text).strip(), "tokens": count, "finishReason": reason}

    def score(self, requests):
        """Log-likelihoods in nats."""
        pairs = [
            (self.prompt(request["input"], len(answer)), answer)
            for request in requests
            for answer in [self.encode(" " + request["continuation"])]
        ]
        self.model.eval()
        with self.torch.no_grad():
            return self.log_likelihoods(pairs)[0].tolist()

    def save(self, directory):
        self.model.save_pretrained(directory)
        with open(os.path.join(directory, "meters.json"), "w", encoding="utf-8") as file:
            json.dump({"trained": self.trained, "generated": self.generated}, file)

    def restore(self, directory):
        self.load(directory)
        with open(os.path.join(directory, "meters.json"), encoding="utf-8") as file:
            meters = json.load(file)
        self.trained, self.generated = meters["trained"], meters["generated"]

    def cost(self):
        """What is not known is left out, never 0."""
        parameters = sum(parameter.numel() for parameter in self.model.parameters())
        return {"trainedTokens": self.trained, "generatedTokens": self.generated, "trainableParameters": parameters}

    def release(self):
        self.model = None


if __name__ == "__main__":
    serve(TRAINER, Learner, packages=["torch", "transformers"])
