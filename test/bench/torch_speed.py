"""Training and answering of `bench_torch` side by side with transformers' `Trainer`, PEFT and `generate`.

    PYTHONPATH=trainers/engine/torch python test/bench/torch_speed.py --device cpu --model tiny

Needs Python with torch, transformers, peft and accelerate, and nothing else. The model has random weights; token ids are
random, with lengths as those of SuperNI: prompts and answers of its ten tasks in tokens of SmolLM2. Both sides have the same
batches (one task each), the same dtype and fused AdamW, the baseline attends by PyTorch's SDPA. Prints one JSON object a
figure, and a table.
"""

import argparse
import hashlib
import json
import random
import tempfile
import time
import traceback
import warnings

import torch
import transformers
from bench_torch.deterministic import begin
from bench_torch.generation import Row
from bench_torch.model import TorchModel
from bench_torch.ranks import Ranks
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, Trainer, TrainerCallback, TrainingArguments

#: By task: how many tokens all its prompts begin with, and 16 pairs of (prompt, answer) lengths at even quantiles.
LENGTHS = {
    "dsg": (93, [(177, 10), (191, 7), (208, 11), (220, 18), (233, 16), (244, 11), (253, 10), (260, 11), (269, 9), (274, 22), (281, 14), (290, 7), (299, 8), (306, 19), (320, 5), (336, 8)]),
    "expl": (47, [(109, 32), (120, 50), (133, 20), (144, 46), (156, 23), (161, 52), (168, 33), (176, 24), (184, 21), (193, 20), (203, 39), (214, 28), (227, 20), (245, 15), (275, 26), (326, 45)]),
    "para": (39, [(51, 10), (52, 13), (53, 10), (54, 10), (55, 10), (55, 14), (56, 13), (57, 24), (59, 5), (60, 7), (62, 12), (63, 22), (65, 14), (66, 25), (68, 22), (73, 21)]),
    "pe": (56, [(71, 2), (79, 11), (87, 16), (94, 14), (100, 30), (109, 33), (116, 39), (123, 41), (130, 49), (138, 40), (147, 39), (154, 75), (163, 83), (169, 71), (174, 81), (190, 100)]),
    "pos": (353, [(381, 1), (383, 1), (384, 1), (386, 1), (387, 1), (388, 1), (389, 1), (390, 1), (392, 1), (392, 1), (394, 1), (395, 1), (397, 1), (399, 1), (404, 1), (408, 1)]),
    "qa": (109, [(164, 4), (173, 13), (179, 11), (184, 7), (189, 17), (193, 7), (195, 8), (197, 5), (199, 9), (207, 2), (210, 4), (214, 17), (218, 21), (225, 21), (233, 14), (245, 6)]),
    "qg": (102, [(161, 18), (192, 12), (210, 7), (218, 12), (228, 10), (236, 10), (245, 14), (254, 14), (263, 13), (268, 9), (281, 9), (294, 11), (306, 13), (327, 10), (356, 9), (386, 8)]),
    "sa": (41, [(77, 1), (81, 1), (84, 1), (86, 1), (90, 1), (94, 1), (95, 1), (99, 1), (102, 1), (106, 1), (114, 1), (118, 1), (124, 1), (136, 1), (152, 1), (182, 1)]),
    "sum": (52, [(156, 20), (196, 26), (215, 5), (233, 13), (261, 66), (273, 23), (288, 21), (306, 27), (322, 19), (343, 16), (359, 24), (378, 43), (396, 18), (409, 28), (426, 59), (448, 21)]),
    "trans": (23, [(31, 8), (32, 11), (34, 18), (36, 14), (37, 19), (38, 21), (40, 28), (42, 28), (44, 25), (45, 34), (49, 32), (50, 37), (55, 38), (59, 55), (66, 51), (79, 70)]),
}
MODELS = {
    "tiny": {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 4096},
    "30m": {"hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 8, "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 16384},
    "135m": {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49152, "tie_word_embeddings": True},
    "1b": {"hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 22, "num_attention_heads": 32, "num_key_value_heads": 4, "vocab_size": 32000},
}  # fmt: skip
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
UPDATE = {"learningRate": 1e-4, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.0, "clip": 1.0}
#: Dense matrix products in bfloat16, by the vendor's data sheet.
PEAK = {"NVIDIA H100 80GB HBM3": 989e12, "NVIDIA H200": 989e12}
WARM_UP = 2


def batches_of(vocabulary: int, size: int, count: int) -> list[list[tuple[list[int], int]]]:
    """Batches of (tokens, length of the prompt), each of one task."""
    draw = random.Random(1)
    batches = []
    for index in range(count):
        prefix, pairs = LENGTHS[sorted(LENGTHS)[index % len(LENGTHS)]]
        common = [draw.randrange(3, vocabulary) for _ in range(prefix)]
        batch = []
        for row in range(size):
            prompt, answer = pairs[(row + index // len(LENGTHS)) % len(pairs)]
            own = [draw.randrange(3, vocabulary) for _ in range(max(prompt - prefix, 1) + answer)]
            batch.append(([*common, *own], max(prompt, prefix + 1)))
        draw.shuffle(batch)
        batches.append(batch)
    return batches


class Bench:
    def __init__(self, options):
        self.options = options
        self.device = torch.device(options.device)
        self.dtype = getattr(torch, options.dtype)
        self.directory = tempfile.mkdtemp()
        self.rows: list[dict] = []
        torch.manual_seed(0)
        config = LlamaConfig(**{"max_position_embeddings": 2048, "tie_word_embeddings": False, **MODELS[options.model]})
        config.bos_token_id = config.eos_token_id = config.pad_token_id = 0
        with self.device:
            AutoModelForCausalLM.from_config(config, dtype=self.dtype).save_pretrained(self.directory)
        self.vocabulary = config.vocab_size
        self.config = config

    # What is measured with.

    def clean(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def now(self) -> float:
        """Seconds; of the processor where one thread computes, so that other work on the machine counts for nothing."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.process_time() if self.device.type == "cpu" and self.options.threads == 1 else time.perf_counter()

    def say(self, part: str, **figures) -> dict:
        row = {"part": part, **figures}
        if self.device.type == "cuda":
            row["peakGiB"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
        self.rows.append(row)
        print(json.dumps(row), flush=True)
        return row

    def open(self) -> TorchModel:
        return TorchModel(self.directory, str(self.device), self.options.dtype, seed=1, tick=lambda: None, ranks=Ranks())

    def base(self):
        return AutoModelForCausalLM.from_pretrained(self.directory, dtype=self.dtype, attn_implementation="sdpa").to(self.device)

    def flops(self, model: TorchModel, batches) -> float:
        """Operations that the model needs: products with its matrices, causal attention, logits where they are asked for."""
        total = 0.0
        for tokens, prompt in (row for batch in batches for row in batch):
            entered = len(tokens) - 1
            attention = 2 * entered**2 * self.config.hidden_size * self.config.num_hidden_layers
            head = 2 * (len(tokens) - prompt) * model.embedding.weight.numel()
            total += 2 * model.matrix_elements * entered + attention + head
        return total

    # Training.

    def train_ours(self, kind: str, batches) -> None:
        self.clean()
        model = self.open()
        if kind == "lora":
            model.adapt({"kind": "lora", "rank": 8, "alpha": 16, "dropout": 0.0, "targetModules": LINEAR})
        started = 0.0
        for step, batch in enumerate(batches):
            if step == WARM_UP:
                started = self.now()
            loss = model.step([objective(batch)], UPDATE)["loss"]
        self.report(f"{kind}, bench", self.now() - started, batches[WARM_UP:], model, kind, loss)

    def train_theirs(self, kind: str, batches) -> None:
        self.clean()
        model = self.base()
        if kind == "lora":
            model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=LINEAR, task_type="CAUSAL_LM"))
        size = len(batches[0])
        clock = Clock(self.now)
        trainer = InOrder(
            model=model,
            args=TrainingArguments(
                output_dir=tempfile.mkdtemp(), per_device_train_batch_size=size, max_steps=len(batches), learning_rate=1e-4,
                optim="adamw_torch_fused", max_grad_norm=1.0, weight_decay=0.0, lr_scheduler_type="constant", report_to=[],
                save_strategy="no", logging_strategy="no", disable_tqdm=True, remove_unused_columns=False,
                use_cpu=self.device.type == "cpu", dataloader_pin_memory=False,
            ),  # fmt: skip
            train_dataset=[row for batch in batches for row in batch],
            data_collator=padded,
            callbacks=[clock],
        )  # fmt: skip
        loss = trainer.train().training_loss
        self.report(f"{kind}, Trainer" + (" + PEFT" if kind == "lora" else ""), clock.ended - clock.started, batches[WARM_UP:], None, kind, loss)

    def report(self, part, seconds, batches, model, kind, loss) -> None:
        examples = sum(map(len, batches))
        tokens = sum(len(tokens) for batch in batches for tokens, _ in batch)
        figures = {"examplesPerSecond": round(examples / seconds, 2), "tokensPerSecond": round(tokens / seconds)}
        peak = PEAK.get(torch.cuda.get_device_name()) if self.device.type == "cuda" else None
        if model is not None and peak:
            # Forward, gradients of what enters, and with full training those of the matrices.
            passes = 3 if kind == "full" else 2
            figures["flopsUtilization"] = round(passes * self.flops(model, batches) / seconds / peak, 3)
        self.say(part, **figures, loss=round(loss, 4))

    # Answering.

    def questions(self):
        """Of three tasks in turn: prompts, and how long the answer to each is in the data, at most `--new` tokens."""
        for batch in batches_of(self.vocabulary, self.options.asked, 3):
            yield [tokens[:prompt] for tokens, prompt in batch], [min(len(tokens) - prompt, self.options.new) for tokens, prompt in batch]

    def answer_ours(self) -> list[list[int]]:
        self.clean()
        model = self.open()
        import bench_torch.answers as own

        own.MOST_ROWS = self.options.rows
        answers, started = [], self.now()
        for warm in (True, False):
            started, answers = self.now(), []
            for prompts, lengths in list(self.questions())[: 1 if warm else None]:
                answers += answers_of(model, prompts, lengths)
        self.answered("generation, bench", self.now() - started, answers)
        return answers

    @torch.no_grad()
    def answer_theirs(self) -> list[list[int]]:
        self.clean()
        model = self.base().eval()
        answers, started = [], 0.0
        for warm in (True, False):
            started, answers = self.now(), []
            for prompts, lengths in list(self.questions())[: 1 if warm else None]:
                for i in range(0, len(prompts), self.options.rows):
                    own, limits = prompts[i : i + self.options.rows], lengths[i : i + self.options.rows]
                    longest = max(map(len, own))
                    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in own], device=self.device)
                    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in own], device=self.device)
                    ends = longest + torch.tensor(limits, device=self.device)
                    found = model.generate(
                        input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=max(limits), eos_token_id=None, pad_token_id=0,
                        stopping_criteria=[lambda ids, _scores, ends=ends: ids.shape[1] >= ends],
                    )  # fmt: skip
                    answers += [row[:limit] for row, limit in zip(found[:, longest:].tolist(), limits)]
        self.answered("generation, generate", self.now() - started, answers)
        return answers

    def answered(self, part: str, seconds: float, answers) -> None:
        new = sum(map(len, answers))
        self.say(part, answersPerSecond=round(len(answers) / seconds, 2), newTokensPerSecond=round(new / seconds, 1), newTokens=new)

    # The same bits.

    def bits(self) -> None:
        self.clean()
        batches = batches_of(self.vocabulary, self.options.batch, 3)
        found = {}
        for kind in ("full", "lora", "generation"):
            hashes = []
            for _ in range(2):
                model = self.open()
                if kind == "generation":
                    hashes.append(hash(str(answers_of(model, *next(self.questions())))))
                    continue
                if kind == "lora":
                    model.adapt({"kind": "lora", "rank": 8, "alpha": 16, "dropout": 0.1, "targetModules": LINEAR})
                    torch.manual_seed(3)
                    model.trainable.set(torch.randn(model.trainable.length, device=self.device) * 0.01)
                for batch in batches:
                    model.step([objective(batch)], UPDATE)
                hashes.append(hashlib.sha256(model.trainable.values.cpu().numpy().tobytes()).hexdigest())
            found[kind] = "same" if hashes[0] == hashes[1] else "DIFFERENT"
        self.say("the same seed twice", **found)


def answers_of(model: TorchModel, prompts: list[list[int]], lengths: list[int]) -> list[list[int]]:
    """Answers of given lengths: weights that are random would choose their own."""
    Row.ended = lambda row, _ends, _has_stop: len(row.tokens) >= lengths[int(row.id)]
    asked = [{"id": str(i), "tokens": prompt} for i, prompt in enumerate(prompts)]
    return model.generate(asked, {"maxNewTokens": max(lengths)}, [])


def objective(batch) -> dict:
    sequences = [{"tokens": tokens, "weights": [0] * prompt + [1] * (len(tokens) - prompt)} for tokens, prompt in batch]
    return {"terms": [{"kind": "language-modeling", "batch": 0, "weight": 1}], "batches": [sequences]}


class InOrder(Trainer):
    def _get_train_sampler(self, *_):
        return torch.utils.data.SequentialSampler(self.train_dataset)


class Clock(TrainerCallback):
    def __init__(self, now):
        self.now = now
        self.started = self.ended = 0.0

    def on_step_end(self, args, state, control, **_):
        self.ended = self.now()
        if state.global_step == WARM_UP:
            self.started = self.ended


def padded(rows) -> dict:
    longest = max(len(tokens) for tokens, _ in rows)
    return {
        "input_ids": torch.tensor([tokens + [0] * (longest - len(tokens)) for tokens, _ in rows]),
        "attention_mask": torch.tensor([[1] * len(tokens) + [0] * (longest - len(tokens)) for tokens, _ in rows]),
        "labels": torch.tensor([[-100] * p + t[p:] + [-100] * (longest - len(t)) for t, p in rows]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--model", default="tiny", choices=sorted(MODELS))
    parser.add_argument("--batch", type=int, default=16, help="sequences of a step")
    parser.add_argument("--steps", type=int, default=10, help="steps that count, of a task each")
    parser.add_argument("--asked", type=int, default=32, help="questions of each of three tasks")
    parser.add_argument("--rows", type=int, default=16, help="answers at a time")
    parser.add_argument("--new", type=int, default=64, help="most tokens of an answer, which else has those of the data")
    parser.add_argument("--parts", default="full,lora,generation,bits")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    begin(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning)
    own = Bench(options)
    where = torch.cuda.get_device_name() if own.device.type == "cuda" else f"CPU, {options.threads} threads"
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    own.say("where", device=where, **versions, model=options.model, dtype=options.dtype, batch=options.batch)
    batches = batches_of(own.vocabulary, options.batch, options.steps + WARM_UP)
    found = {}

    def tried(name, call):
        # The baseline is not slowed down by deterministic kernels.
        torch.use_deterministic_algorithms(not name.endswith("theirs"))
        try:
            found[name] = call()
        except Exception:
            own.say(f"{name} failed", trace=traceback.format_exc())

    parts = options.parts.split(",")
    for kind in ("full", "lora"):
        if kind in parts:
            tried(f"{kind} ours", lambda: own.train_ours(kind, batches))
            tried(f"{kind} theirs", lambda: own.train_theirs(kind, batches))
    if "generation" in parts:
        tried("generation ours", own.answer_ours)
        tried("generation theirs", own.answer_theirs)
        pairs = list(zip(found.get("generation ours") or [], found.get("generation theirs") or []))
        own.say("answers that are equal", equal=sum(a == b for a, b in pairs), of=len(pairs))
    if "bits" in parts:
        tried("bits", own.bits)
    for row in own.rows:
        print("  ".join(f"{key} {value}" for key, value in row.items() if key != "trace"))


if __name__ == "__main__":
    main()
