"""A causal language model of transformers with what bench trains of it: the calls of the engine's contract."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property

import torch
from tokenizers import Tokenizer
from torch.nn import Parameter
from torch.nn import functional as F
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText

from . import attention
from .adapters import Adapters, linear_modules
from .answers import activations, embed, generate, input_moments, score
from .attention import Attended, Packed, laid_out
from .batch import Rows, rows_of, term_value
from .division import Division, Held
from .errors import BenchError
from .heads import Distillation, attention as attention_of, head_sensitivity
from .generation import Row, joined_places
from .images import Images, check_images, is_unused, plain_name, takes_images
from .importance import importance
from .keyed import number
from .memory import check_memory, left, recompute, recomputing
from .norms import fuse_norms
from .parameters import Trainable, combine, dot
from .ranks import Ranks, local
from .running import RunningBatch
from .update import apply_update, check_finite, constrained

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class TorchModel:
    """One opened model. Vectors are known by numbers, which are the caller's handles."""

    def __init__(
        self,
        directory: str,
        device: str,
        dtype: str,
        seed: int,
        tick,
        ranks: Ranks,
        image_token: int | None = None,
        feature_bytes: int = 0,
    ):
        self.ranks = ranks
        self.device = ranks.device(device)
        self.dtype = DTYPES[dtype]
        self.directory = directory
        self.seed = seed
        self.tick = tick
        mesh = ranks.mesh(self.device)
        with ranks.in_turn():
            self.model = load(directory, self.dtype)
            self.architecture = type(self.model).__name__  # FSDP2 gives it another
            fuse_norms(self.model)
            self.model = ranks.divide(self.model, mesh, self.device)
        config = self.model.config.get_text_config()
        self.context = getattr(config, "max_position_embeddings", None) or 1 << 20
        self.vocabulary = config.vocab_size
        self.layers = config.num_hidden_layers
        self.embedding = self.model.get_input_embeddings()
        self.embed_tokens = ranks.within(self.model, self.embedding)
        self.states = ranks.within(self.model, self.model.base_model)
        self.base = trained_tensors(self.model)
        #: Where requests come one by one.
        self.running: RunningBatch | None = None
        self.images: Images | None = None
        #: Why a model with a tower takes no images.
        self.blind: BenchError | None = None
        self.adapters: Adapters | None = None
        self.prompts: dict[str, Parameter] | None = None
        self.vectors: dict[int, Held] = {}
        self.vector_count = 0
        self.flops = 0
        self.trained_tokens = 0
        self.base_hash: str | None = None
        #: Sequences that are answered at a time at most, since the memory was short.
        self.most_answered = math.inf
        #: Whether the parameters are others for a moment.
        self.elsewhere = False
        self.trainable = Trainable(self.base, self.device, ranks)
        self.matrix_elements = sum(module.weight.numel() for module in linear_modules(self.model).values())
        self.check_packing()
        self.open_images(image_token, feature_bytes)

    # What it is.

    def describe(self) -> dict:
        config = self.model.config.get_text_config()
        return {
            "architecture": self.architecture,
            "parameters": sum(parameter.numel() for parameter in self.base.values()),
            "contextLength": self.context,
            "vocabulary": self.vocabulary,
            "hidden": self.embedding.embedding_dim,
            "heads": config.num_attention_heads,
            "layers": self.layers,
            "images": self.images and self.images.describe(),
        }

    @property
    def frozen(self) -> bool:
        """Whether an adapter or prompts are trained in place of the base."""
        return self.adapters is not None or self.prompts is not None

    def layout(self) -> list[dict]:
        return self.trainable.layout()

    def digest(self) -> str:
        """Of the configuration, the base's tensors in float32, and those of adapter or prompts."""
        base = self.base_hash if self.frozen else None
        if base is None:
            config = self.model.config.to_dict()
            for key in ("dtype", "torch_dtype", "_name_or_path", "transformers_version", "architectures", "use_cache"):
                config.pop(key, None)
            base = _hash(json.dumps(config, sort_keys=True, default=str), self.exact(self.base))
            if self.frozen:
                self.base_hash = base
        return _hash(base, self.trainable.named(self.trainable.values).items()) if self.frozen else base

    def exact(self, named: dict[str, Parameter]) -> Iterator[tuple[str, torch.Tensor]]:
        """Whole tensors one after another; master weights in float32 where they are trained."""
        own = {id(p): value for p, value in zip(self.trainable.parameters, self.trainable.split(self.trainable.values))}
        for name, parameter in named.items():
            yield name, self.ranks.whole(own.get(id(parameter), local(parameter)), parameter)

    def held_bytes(self) -> int:
        """Of all tensors in this process."""
        own = self.trainable
        parameters = sum(local(p).numel() * p.element_size() for p in self.model.parameters())
        tables = sum(4 * p.numel() for p in (self.prompts or {}).values())
        features = self.images.bytes if self.images else 0
        vectors = sum(4 * held.values.numel() for held in self.vectors.values())
        return parameters + own.bytes + tables + features + vectors

    def tensor_bytes(self) -> int:
        return int(self.ranks.total(self.held_bytes()))

    def meter(self) -> dict:
        seeing = self.images.flops if self.images else 0
        return {"flops": int(self.ranks.total(self.flops + seeing)), "trainedTokens": self.trained_tokens}

    # Vectors.

    def hold(self, values: torch.Tensor, like: Held | None = None) -> dict:
        """Keeps a vector over what is trained, or one like another."""
        division, length = (like.division, like.length) if like else (self.trainable.division, self.trainable.length)
        self.vector_count += 1
        self.vectors[self.vector_count] = Held(values, length, division)
        return {"id": self.vector_count, "length": length}

    def held(self, handle: dict, length: int | None = None) -> Held:
        held = self.vectors.get(handle["id"])
        if held is None:
            raise BenchError("INTERNAL", f"Vector {handle['id']} was freed or belongs to another model.")
        if length is not None and held.length != length:
            raise BenchError(
                "INTERNAL",
                f"Vector {handle['id']} has {held.length} elements instead of {length}.",
                "Vectors of before an adapter was added or merged do not fit the parameters after it.",
            )
        return held

    def vector(self, handle: dict, length: int | None = None) -> torch.Tensor:
        return self.held(handle, length).values

    def own(self, handle: dict | None) -> torch.Tensor | None:
        return None if handle is None else self.vector(handle, self.trainable.length)

    def dot(self, a: dict, b: dict) -> float:
        left = self.held(a)
        found = dot(left.values, self.vector(b, left.length))
        return self.ranks.total(found) if left.division.divided else found

    def combine(self, weights: list[float], vectors: list[dict]) -> dict:
        if not vectors or len(weights) != len(vectors):
            raise BenchError("INTERNAL", f"{len(weights)} weights do not fit {len(vectors)} vectors.")
        first = self.held(vectors[0])
        return self.hold(combine(weights, [self.vector(vector, first.length) for vector in vectors]), first)

    def moving(self, vector: dict, rates: dict[str, float]) -> dict:
        """A copy that is 0 where a component's rate is."""
        return self.hold(self.trainable.freeze(self.own(vector).clone(), rates))

    def multiply(self, a: dict, b: dict) -> dict:
        left = self.held(a)
        return self.hold(left.values * self.vector(b, left.length), left)

    def snapshot(self) -> dict:
        return self.hold(self.trainable.values.clone())

    def restore(self, vector: dict) -> None:
        self.trainable.set(self.vector(vector, self.trainable.length))
        self.changed()

    def free(self, vector: dict) -> None:
        self.vectors.pop(vector["id"], None)

    def read(self, vector: dict, start: int, end: int) -> torch.Tensor:
        held = self.held(vector)
        return held.division.whole(held.values, start, end)

    def write(self, values: torch.Tensor) -> dict:
        """A vector over what is trained, several one behind another, or others, which every process has whole."""
        own = self.trainable.division
        division = own if len(values) % max(1, own.length) == 0 else Division(self.ranks, [])
        part = division.part(values).to(self.device)
        return self.hold(part, Held(part, len(values), division))

    def reset_optimizer(self) -> None:
        self.trainable.first.zero_()
        self.trainable.second.zero_()
        self.trainable.step = 0

    def save_optimizer(self) -> dict:
        own = self.trainable
        first, second = (own.division.whole(moments) for moments in (own.first, own.second))
        return {"first": first, "second": second, "step": own.step}

    def restore_optimizer(self, first: torch.Tensor, second: torch.Tensor, step: int) -> None:
        own = self.trainable
        if len(first) != own.length or len(second) != own.length:
            raise BenchError("INTERNAL", f"Moments of {len(first)} elements do not fit {own.length} parameters.")
        own.first.copy_(own.division.part(first))
        own.second.copy_(own.division.part(second))
        own.step = step

    @contextmanager
    def using(self, weights: dict | None) -> Iterator[None]:
        """The parameters that are trained have the numbers of a vector within."""
        before, self.elsewhere = self.elsewhere, weights is not None
        try:
            with self.trainable.using(self.own(weights)):
                yield
        finally:
            self.elsewhere = before

    # The forward pass.

    def packed(
        self,
        tokens: list[list[int]],
        selected: list[int],
        images: list[list[str]] | None = None,
        watch: Callable[[Attended], None] | None = None,
    ) -> torch.Tensor:
        """Logits [selected, classes] in float32 of sequences, with the digests of their images, that are computed packed."""
        layout = Packed([len(sequence) for sequence in tokens], self.device, watch)
        ids = torch.tensor([[token for sequence in tokens for token in sequence]], device=self.device)
        with laid_out(layout), recomputing(self.model):
            places = self.places(tokens, images, layout)
            seen = [digest for own in images or [] for digest in own]
            return self.compute(ids, places, torch.tensor(selected, device=self.device), None, seen).float()

    def places(self, tokens: list[list[int]], images: list[list[str]] | None, layout: Packed) -> torch.Tensor:
        """Positions of all tokens: [tokens], or [3, tokens] where a model has three axes for those of pictures."""
        if self.images is None or not images:
            return layout.positions
        given = [self.images.places(own, digests) for own, digests in zip(tokens, images)]
        return joined_places(given, layout.positions)

    def compute(
        self, ids: torch.Tensor, positions: torch.Tensor, selected: torch.Tensor | None, cache=None, images: list[str] | None = None
    ) -> torch.Tensor:
        """Logits [selected, classes] of ids [1, tokens], all of them without `selected`, by the layout that is in force."""
        self.count_flops(ids.numel(), ids.numel() if selected is None else len(selected))
        result = self.model(
            **self.entered(ids, images),
            position_ids=positions.unsqueeze(-2).clamp(max=self.context - 1),
            logits_to_keep=0 if selected is None else selected,
            past_key_values=cache,
            use_cache=cache is not None,
        )
        return result.logits[0]

    def count_flops(self, tokens: int, rows: int) -> None:
        self.flops += 2 * (self.matrix_elements * tokens + rows * self.embedding.weight.numel())

    def entered(self, ids: torch.Tensor, images: list[str] | None = None) -> dict:
        """What enters the model: token ids, or embeddings where some are rows of the prompt table or features of images."""
        if self.prompts is None and not images:
            return {"input_ids": ids}
        virtual = ids >= self.vocabulary
        embedded = self.embed_tokens(ids.where(~virtual, 0))
        if self.prompts is not None:
            rows = self.prompts["prompt_embeddings"][(ids - self.vocabulary).clamp(min=0)].to(embedded.dtype)
            embedded = torch.where(virtual[..., None], rows, embedded)
        if images:
            features = self.seeing().seen(images, self.frozen, self.frozen or not self.elsewhere)
            embedded = self.seeing().insert(ids, embedded, features, len(images))
        return {"inputs_embeds": embedded}

    # Images.

    def open_images(self, token: int | None, feature_bytes: int) -> None:
        """Of a model without a processor that works here texts can be computed all the same."""
        if not takes_images(self.model.config):
            return
        if self.ranks.several:
            self.blind = BenchError(
                "CAPABILITY_MISSING", "Images are not computed on several devices.", "Leave --devices-per-cell out."
            )
            return
        try:
            self.images = Images(self.model, self.directory, token, feature_bytes)
            if token is None:
                check_images(self)
        except Exception as error:
            self.images = None
            self.blind = error if isinstance(error, BenchError) else BenchError(
                "CAPABILITY_MISSING", f"Images fail in {self.architecture}: {error}", "Use another model for questions with images."
            )

    def seeing(self) -> Images:
        if self.images is None:
            raise self.blind or BenchError(
                "DATA_INVALID",
                "A sequence has an image, and the model takes text alone.",
                "Use a model with a vision tower.",
            )
        return self.images

    def missing_images(self, digests: list[str]) -> list[str]:
        return self.seeing().missing(digests)

    def add_image(self, digest: str, values: torch.Tensor, height: int, width: int) -> None:
        self.seeing().add(digest, values, height, width)

    def changed(self, rates: dict[str, float] | None = None) -> None:
        """To be called when what is trained has changed; by an update, with its rates: what a tower made that is frozen is kept."""
        self.forget_prompts()
        if self.images is None or self.frozen:
            return
        with self.trainable.freezing(rates):
            if any(own.requires_grad for own in self.images.tower):
                self.images.forget()

    def forget_prompts(self) -> None:
        """To be called when what is computed of a prompt has changed."""
        if self.running is not None:
            self.running.prefixes.clear()

    def before_images(self, row: Row) -> list[int]:
        """The tokens of a prompt before its first image."""
        return row.prompt if not row.images else row.prompt[: row.prompt.index(self.seeing().token)]

    def check_packing(self) -> None:
        """Throws CAPABILITY_MISSING where the architecture does not compute packed sequences as it does each alone."""
        kinds = set(getattr(self.model.config.get_text_config(), "layer_types", None) or [])
        known = {"full_attention", "sliding_attention"}
        sequences = [[1, 2, 3, 4, 5], [6, 7, 1], [2, 9, 8, 3]]
        sequences = [[token % self.vocabulary for token in sequence] for sequence in sequences]

        @torch.no_grad()
        def logits(of: list[list[int]]) -> torch.Tensor:
            return self.packed(of, list(range(sum(len(sequence) for sequence in of))))

        together = logits(sequences)
        alone = torch.cat([logits([sequence]) for sequence in sequences])
        self.flops = 0
        if kinds <= known and self.agree(together, alone):
            return
        raise BenchError(
            "CAPABILITY_MISSING",
            f"{self.architecture} does not compute packed sequences as it computes each alone.",
            "Use a model whose layers mix tokens by attention alone.",
        )

    def agree(self, found: torch.Tensor, expected: torch.Tensor) -> bool:
        """Whether logits are the same but for rounding."""
        scale = expected.abs().max().clamp(min=1e-6)
        return ((found - expected).abs().max() / scale).item() < (1e-3 if self.dtype == torch.float32 else 0.1)

    # Objectives.

    def evaluate(self, objective: dict, training: int | None = None):
        """The values of an objective's terms but the quadratic ones, their weighted sum for autograd, and tokens.

        `training` is the number of the part of a step that dropout is keyed by; no dropout without it. It stays on, for
        the backward pass may compute activations again.
        """
        terms, batches = objective["terms"], objective["batches"]
        laid = [rows_of(batch, self.ranks) for batch in batches]
        share = 1 / self.ranks.size
        total = torch.zeros((), device=self.device)
        values: list[torch.Tensor | None] = [None] * len(terms)
        tokens = sum(rows.count for rows in laid)
        if training is not None:
            check_memory(self, sum(len(own) for rows in laid for own in rows.tokens), sum(len(rows.labels) for rows in laid))
        logits = None
        if laid:
            sequences = [tokens for rows in laid for tokens in rows.tokens]
            selected, start = [], 0
            for rows in laid:
                selected += [start + index for index in rows.selected]
                start += sum(len(sequence) for sequence in rows.tokens)
            if training is not None and self.adapters is not None and self.adapters.options["dropout"] > 0:
                self.adapters.dropping(True)
                seed = number(self.seed, "lora-dropout", task=training, step=self.trainable.step)
                torch.manual_seed(seed + self.ranks.rank)
            divergences = self.divergences(terms, laid)
            watch = (lambda seen: [one.watch(seen) for one in divergences.values()]) if divergences else None
            logits = self.packed(sequences, selected, [images for rows in laid for images in rows.images], watch)
            counts = torch.tensor([0, *(len(rows.labels) for rows in laid)]).cumsum(0).tolist()
        for i, term in enumerate(terms):
            kind = term["kind"]
            if "batch" in term:
                rows = laid[term["batch"]]
                own = logits[counts[term["batch"]] : counts[term["batch"] + 1]]
                value = divergences[i].value(own) if i in divergences else term_value(term, own, rows)
            elif kind == "quadratic":
                continue
            elif kind == "key-matching":
                value = self.key_matching(term) * share
            elif kind in ("orthogonality", "orthonormality", "sparsity") and self.adapters is not None:
                value = getattr(self.adapters, kind)() * share
            else:
                raise BenchError("CAPABILITY_MISSING", f'The engine "torch" has no term {kind} here.')
            values[i] = value.detach()
            total = total + value * term["weight"]
        return values, total, tokens

    def divergences(self, terms: list[dict], laid: list[Rows]) -> dict[int, Distillation]:
        """The terms over attention among these, by their place."""
        lengths = [sum(len(tokens) for tokens in rows.tokens) for rows in laid]
        return {
            i: Distillation(term, laid[term["batch"]], sum(lengths[: term["batch"]]), self.layers)
            for i, term in enumerate(terms)
            if term["kind"] == "attention-distillation"
        }

    @torch.no_grad()
    def add_quadratics(self, terms: list[dict], values: list[torch.Tensor | None], gradient: torch.Tensor | None = None):
        """Fills in the values of the quadratic terms, ½ Σ importance·(θ - anchor)²; adds to the gradient where one is given."""
        for i, term in enumerate(terms):
            if term["kind"] == "quadratic":
                distance = self.trainable.values - self.own(term["anchor"])
                force = distance * self.own(term["importance"])
                share = self.trainable.division.share
                values[i] = 0.5 * torch.dot(distance, force) * share
                if gradient is not None:
                    gradient.add_(force, alpha=term["weight"] * share)

    def key_matching(self, term: dict) -> torch.Tensor:
        """Mean over pairs of 1 - cos(query, key) (L2P, 2112.08654, eq. 5)."""
        pairs = [(query, key) for query, keys in enumerate(term["choices"]) for key in keys]
        queries = torch.stack([term["queries"][query] for query, _ in pairs]).to(self.device)
        keys = self.prompts["prompt_keys"][torch.tensor([key for _, key in pairs], device=self.device)]
        return (1 - F.cosine_similarity(queries, keys, dim=-1)).mean()

    def differentiate(self, objective: dict, part: int = 0) -> tuple[list[float], float, int]:
        """Adds the objective's gradient to `trainable.gradient`: the terms' values, the objective's, tokens."""
        try:
            values, total, tokens = self.evaluate(objective, part)
            if total.requires_grad:
                (total * self.trainable.division.factor).backward()
        finally:
            if self.adapters is not None:
                self.adapters.dropping(False)
        self.add_quadratics(objective["terms"], values, self.trainable.gradient)
        numbers = self.ranks.sum(torch.stack(values)).tolist()
        return numbers, sum(term["weight"] * value for term, value in zip(objective["terms"], numbers)), tokens

    def accumulate(self, parts: list[dict], rates: dict[str, float] | None) -> tuple[list[list[float]], float, int, int]:
        """The gradient of an objective in parts, from zero, 0 where a rate is: values a part, the objective, tokens, operations."""
        self.trainable.gradient.zero_()
        before = self.flops
        values, loss, tokens = [], 0.0, 0
        with self.trainable.freezing(rates):
            for index, part in enumerate(parts):
                own, value, count = self.differentiate(part, index)
                values.append(own)
                loss += value
                tokens += count
                self.tick()
        self.trainable.add_up()
        self.trainable.freeze(self.trainable.gradient, rates)
        flops = (self.flops - before) * (2 if self.frozen else 3)
        self.flops = before + flops
        self.trained_tokens += tokens
        return values, loss, tokens, int(self.ranks.total(flops))

    def step(self, parts: list[dict], update: dict) -> dict:
        values, loss, tokens, flops = self.accumulate(parts, update.get("componentRates"))
        whole = self.trainable.gradient.clone() if update.get("reportGradient") else None
        norm = self.update(self.trainable.gradient, update, loss)
        report = {"values": values, "loss": loss, "gradientNorm": norm, "tokens": tokens, "flops": flops}
        return report if whole is None else {**report, "gradient": self.hold(whole)}

    def gradient(self, parts: list[dict], rates: dict[str, float] | None = None) -> dict:
        values, loss, tokens, flops = self.accumulate(parts, rates)
        check_finite(loss, self.trainable.division.across(self.trainable.gradient.sum()).item())
        gradient = self.hold(self.trainable.gradient.clone())
        return {"gradient": gradient, "values": values, "tokens": tokens, "flops": flops}

    def apply(self, gradient: dict, update: dict) -> float:
        return self.update(self.own(gradient).clone(), update, 0.0)

    def update(self, gradient: torch.Tensor, update: dict, loss: float) -> float:
        """One update; `gradient` is overwritten."""
        constraint, mask, rates = update.get("constraint"), None, update.get("componentRates")
        self.trainable.freeze(gradient, rates)
        kept = constraint is not None and constraint["kind"] == "subspaces"
        before = self.trainable.values.clone() if kept else None
        if kept:
            gradient = self.outside(gradient, constraint["matrices"])
        elif constraint is not None:
            handle = constraint.get("mask") or constraint.get("normal") or constraint.get("basis")
            length = None if constraint["kind"] == "orthogonal" else self.trainable.length
            given = self.vector(handle, length)
            if constraint["kind"] == "half-space":
                given = self.trainable.freeze(given.clone(), rates)
            gradient = constrained(self.trainable, gradient, constraint["kind"], given)
            mask = given if constraint["kind"] == "mask" else None
        proximal = update.get("proximal") or {}
        anchor, pull = self.own(proximal.get("anchor")), self.own(proximal.get("importance"))
        norm = apply_update(self.trainable, gradient, update, loss, anchor, pull, mask)
        if before is not None:
            self.trainable.set(before + self.outside(self.trainable.values - before, constraint["matrices"]))
        self.changed(rates)
        return norm

    @torch.no_grad()
    def outside(self, vector: torch.Tensor, matrices: list[dict]) -> torch.Tensor:
        """The vector with (I - LᵀL)·M·(I - RᵀR) of each named matrix M, rows of L and R orthonormal (OSF, 2504.07097)."""
        result = vector.clone()
        parts, division = self.trainable.named(result), self.trainable.division
        shapes = dict(zip(self.trainable.names, (parameter.shape for parameter in self.trainable.parameters)))
        for matrix in matrices:
            part, shape = parts[matrix["name"]], shapes[matrix["name"]]
            left, right = (self.vector(matrix[side]).view(-1, size) for side, size in zip(("left", "right"), shape))
            if division.divided:
                left = left[:, self.ranks.rows(shape[0])]
            part -= left.T @ division.across(left @ part)
            part -= (part @ right.T) @ right
        return result

    @torch.no_grad()
    def loss(self, objective: dict) -> float:
        values, _, _ = self.evaluate(objective)
        self.add_quadratics(objective["terms"], values)
        numbers = self.ranks.sum(torch.stack(values)).tolist()
        return sum(term["weight"] * value for term, value in zip(objective["terms"], numbers))

    @torch.no_grad()
    def logits(self, batch: list[dict], at: dict | None = None) -> dict:
        rows = rows_of(batch, self.ranks)
        with self.using(at):
            logits = self.packed(rows.tokens, rows.selected, rows.images)
        if self.ranks.several:
            logits = self.ranks.sum(rows.placed(logits))
        return {"rows": logits.shape[0], "classes": logits.shape[1], "values": logits}

    def recompute(self) -> bool:
        """Spends time on memory: activations are computed again in the backward pass. False where that is so already."""
        return recompute(self.model)

    def importance(self, examples: list[dict], kind: str, seed: int, coverage: float) -> dict:
        return self.hold(importance(self, examples, kind, seed, coverage))

    # Adapters and prompts.

    def adapt(self, options: dict) -> None:
        self.check_plain()
        self.changed()
        self.trainable.give_up()
        try:
            self.adapters = Adapters(self.model, options, self.ranks)
        except BenchError:
            self.trainable = Trainable(self.base, self.device, self.ranks)
            raise
        self.trainable = Trainable(self.adapters.trained(), self.device, self.ranks)

    def stack(self) -> None:
        if self.adapters is None:
            raise BenchError("INTERNAL", "The model has no adapter to stack another on.")
        self.trainable.give_up()
        self.adapters.add()
        self.forget_prompts()
        self.trainable = Trainable(self.adapters.trained(), self.device, self.ranks)

    def merge(self) -> None:
        if self.adapters is None:
            raise BenchError("INTERNAL", "The model has no adapter to merge.")
        self.trainable.give_up()
        with torch.no_grad():
            self.trainable.sharpen()
            self.adapters.merge()
        self.adapters = None
        self.base_hash = None
        self.trainable = Trainable(self.base, self.device, self.ranks)
        self.changed()

    def add_prompts(self, tokens: list[int], keys: torch.Tensor | None) -> None:
        """A table of soft prompts that starts as the embeddings of tokens, and keys [keys · hidden] to choose them by."""
        self.check_plain()
        self.changed()
        self.trainable.give_up()
        with torch.no_grad():
            start = self.embed_tokens(torch.tensor(tokens, device=self.device)).float()
        self.prompts = {"prompt_embeddings": Parameter(start.clone())}
        if keys is not None:
            self.prompts["prompt_keys"] = Parameter(keys.view(-1, start.shape[1]).to(self.device))
        self.trainable = Trainable(self.prompts, self.device, self.ranks)

    def check_plain(self) -> None:
        if self.frozen:
            raise BenchError(
                "INTERNAL",
                "The model has an adapter or prompts already.",
                "Open it again, or merge its adapter, before adding another.",
            )

    # Answers.

    def generate(self, requests: list[dict], decoding: dict, ends: list[int], weights: dict | None = None) -> list[list[int]]:
        with self.answering(weights):
            return generate(self, requests, decoding, ends)

    def score(self, requests: list[dict], weights: dict | None = None) -> list[float]:
        with self.answering(weights):
            return score(self, requests)

    def embed(self, requests: list[dict], weights: dict | None = None) -> list[torch.Tensor]:
        with self.answering(weights):
            return embed(self, requests)

    def activations(self, requests: list[dict]) -> dict[str, torch.Tensor]:
        with self.answering(None):
            return activations(self, requests)

    def attention(self, requests: list[dict], weights: dict | None = None) -> list[dict]:
        with self.answering(weights):
            return attention_of(self, requests)

    def head_sensitivity(self, examples: list[dict]) -> list[torch.Tensor]:
        return head_sensitivity(self, examples)

    def input_moments(self, requests: list[dict], modules: list[str]) -> list[dict]:
        with self.answering(None):
            return input_moments(self, requests, modules)

    @contextmanager
    def answering(self, weights: dict | None) -> Iterator[None]:
        """Answers within are those of these weights."""

        def fits() -> bool:
            return sum(p.numel() * p.element_size() for p in self.base.values()) < left(self) / 2

        with self.using(weights), self.ranks.undivided(self.model, fits):
            yield

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(f"{self.directory}/tokenizer.json")

    # Files.

    def save(self, directory: str, weights: dict | None = None) -> None:
        """A directory of transformers, in float32; the first of several processes writes what it gathers tensor by tensor."""
        tensors = {}
        with self.using(weights):
            for name, value in self.exact(dict(self.model.named_parameters())):
                if self.ranks.first:
                    tensors[name] = value.float().cpu().contiguous()
        if self.ranks.first:
            self.model.save_pretrained(directory, state_dict=tensors)

    def load(self, directory: str) -> None:
        """Reads the weights of a directory of this model's own architecture."""
        with self.ranks.in_turn():
            stored = trained_tensors(load(directory, torch.float32))
            shapes = {name: parameter.shape for name, parameter in self.base.items()}
            if shapes != {name: parameter.shape for name, parameter in stored.items()}:
                raise BenchError("MODEL_INVALID", f"{directory} contains another model.", "Load what this model saved.")
            parts = [self.ranks.part(stored[name].data, self.base[name]).flatten() for name in self.trainable.names]
            values = torch.cat([part.to(self.device) for part in parts])
            del stored, parts
        self.trainable.set(values)
        self.changed()


def load(directory: str, dtype: torch.dtype):
    """Opens a directory of transformers; nothing is fetched and no code of the directory runs."""
    try:
        closed = {"local_files_only": True, "trust_remote_code": False}
        config = AutoConfig.from_pretrained(directory, **closed)
        sees = takes_images(config)
        # Towers attend in both directions, to all of one picture.
        kinds = {key: attention.NAME if key == "text_config" else "sdpa" for key in config.sub_configs}
        model = (AutoModelForImageTextToText if sees else AutoModelForCausalLM).from_pretrained(
            directory, dtype=dtype, attn_implementation=kinds if sees else attention.NAME, **closed
        )
    except Exception as error:
        raise BenchError(
            "MODEL_INVALID",
            f"transformers does not open {directory}: {error}",
            "Correct the directory, or use a model that AutoModelForCausalLM or AutoModelForImageTextToText opens without code of its own.",
        ) from error
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model.eval()


def trained_tensors(model: torch.nn.Module) -> dict[str, Parameter]:
    """The parameters that something is computed with, by the names that bench gives them."""
    named = ((plain_name(model, name), parameter) for name, parameter in model.named_parameters())
    return {name: parameter for name, parameter in named if not is_unused(model, name)}


def _hash(start: str, tensors: Iterable[tuple[str, torch.Tensor]]) -> str:
    own = hashlib.sha256(start.encode())
    for name, tensor in tensors:
        own.update(f"\0{name}\0".encode())
        own.update(memoryview(tensor.detach().to("cpu", torch.float32).contiguous().view(-1).numpy()).cast("B"))
    return own.hexdigest()
