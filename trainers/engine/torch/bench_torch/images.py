"""Pictures: how a model takes them, and their features, which take the place of its image tokens."""

import inspect
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import torch
from torch.nn import Identity, Module, Parameter
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoProcessor
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as CLASSES

from .errors import BenchError
from .recent import Recent

T = TypeVar("T")

#: Bytes of preprocessed pictures that are held.
MOST_INPUTS = 256 << 20
#: Shapes, height and width, that show whether a processor writes every picture with as many tokens.
PROBES = ((64, 96), (96, 64), (336, 336))
#: Side of the square that pictures are resized to where the number of their tokens depends on their shape.
SIDE = 336

LLAVA = "LlavaForConditionalGeneration"
#: As the names of a LLaVA model's tensors are written in bench: those of its language model as if it were alone.
_RENAMED = (
    (re.compile(r"^model\.language_model\."), "model."),
    (re.compile(r"^model\.vision_tower\.(vision_model\.)?"), "vision_tower."),
    (re.compile(r"^model\.multi_modal_projector\."), "multi_modal_projector."),
)


def takes_images(config) -> bool:
    """Whether transformers opens a model of this configuration by AutoModelForImageTextToText."""
    known = {name for own in CLASSES.values() for name in ([own] if isinstance(own, str) else own)}
    return any(name in known for name in config.architectures or [])


def plain_name(model: Module, name: str) -> str:
    if type(model).__name__ != LLAVA:
        return name
    for pattern, replacement in _RENAMED:
        if pattern.match(name):
            return pattern.sub(replacement, name)
    return name


def is_unused(model: Module, name: str) -> bool:
    """Whether a LLaVA model computes nothing with a tensor: those of the tower behind the layer whose features are taken."""
    if type(model).__name__ != LLAVA or not name.startswith("vision_tower."):
        return False
    config = model.config
    layer = config.vision_feature_layer
    count = config.vision_config.num_hidden_layers
    computed = count + 1 + layer if layer < 0 else layer
    place = re.match(r"vision_tower\.encoder\.layers\.(\d+)\.", name)
    return int(place[1]) >= computed if place else re.match(r"vision_tower\.(post_layernorm|head)\.", name) is not None


class Images:
    """The pictures of one model: what its tower reads of them, and what is kept of them while the tower stays as it is.

    A LLaVA model's projector makes features of the tower's states. Elsewhere both are one: states are the features.

    `given` is the image token of a model whose pictures come preprocessed; of any other the model's own processor
    preprocesses them. `most_features` limits the bytes of features that are kept.
    """

    def __init__(self, model: Module, directory: str, given: int | None, most_features: int):
        self.model = model
        self.inputs: OrderedDict[str, dict[str, torch.Tensor]] = OrderedDict()
        #: States, or features while the projector stays as it is too.
        self.kept = Recent(most_features)
        self.flops = 0
        self.costs: dict[str, int] = {}
        self.projector: Module | None = model.model.multi_modal_projector if type(model).__name__ == LLAVA else None
        #: What states are computed with.
        self.tower = _tower(model)
        #: What a picture is written as; None where it comes preprocessed, and the caller knows.
        self.tokens: list[int] | None = None
        self.side: int | None = None
        if given is not None:
            self.token = given
            return
        config = model.config
        self.token = getattr(config, "image_token_id", None) or getattr(config, "image_token_index", None)
        self.processor = _open_processor(directory, self.token)
        written = [self.process(torch.zeros(height, width, 3, dtype=torch.uint8))[0] for height, width in PROBES]
        self.tokens = written[-1]
        if any(own != self.tokens for own in written):
            self.side = SIDE

    def describe(self) -> dict | None:
        return None if self.tokens is None else {"tokens": self.tokens, "side": self.side}

    def process(self, pixels: torch.Tensor) -> tuple[list[int], dict[str, torch.Tensor]]:
        """What the model's own processor makes of a picture [height, width, 3]: the tokens that it is written as, and tensors.

        Those of Qwen's families are written between two tokens, which are part of their chat templates.
        """
        from PIL import Image

        picture = Image.fromarray(pixels.numpy())
        text = self.processor.image_token
        made = self.processor(text=[text], images=[[picture]], return_tensors="pt", add_special_tokens=False)
        ends = (getattr(self.model.config, f"vision_{end}_token_id", None) for end in ("start", "end"))
        start, end = ([] if own is None else [own] for own in ends)
        tokens = [*start, *made["input_ids"][0].tolist(), *end]
        left_out = ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids")
        return tokens, {name: value for name, value in made.items() if name not in left_out}

    # What comes from the caller.

    def missing(self, digests: list[str]) -> list[str]:
        """Which of the pictures of the next call have to be given; others may be given up to make room."""
        for digest in digests:
            if digest in self.inputs:
                self.inputs.move_to_end(digest)
        held = sum(_bytes(own) for own in self.inputs.values())
        for digest in list(self.inputs):
            if held <= MOST_INPUTS:
                break
            if digest not in digests:
                held -= _bytes(self.inputs.pop(digest))
        return [digest for digest in digests if digest not in self.inputs]

    def add(self, digest: str, values: torch.Tensor, height: int, width: int) -> None:
        """A picture: [3, height, width] as the tower reads it, or the bytes of [height, width, 3] for the processor."""
        if self.tokens is None:
            self.inputs[digest] = {"pixel_values": values.view(1, 3, height, width)}
            return
        pixels = values.view(torch.uint8)[: height * width * 3].view(height, width, 3)
        tokens, tensors = self.process(pixels)
        if tokens != self.tokens:
            raise BenchError("DATA_INVALID", f"A picture of {width} x {height} pixels takes {len(tokens)} tokens, others {len(self.tokens)}.")
        self.inputs[digest] = tensors

    # Features.

    def forget(self) -> None:
        """To be called when what is kept is no longer what the tower would make, or features are kept after states."""
        self.kept.clear()

    @property
    def bytes(self) -> int:
        return self.kept.bytes

    def seen(self, digests: list[str], frozen: bool, keeps: bool) -> torch.Tensor:
        """Features [rows, hidden] of pictures, one behind another.

        With a gradient to the tower all are computed together. Else each one's states are, and without a gradient to the
        projector its features, so that its bits do not depend on others; and where `keeps`, states are kept, or, while
        projector and tower are `frozen`, features.
        """
        if torch.is_grad_enabled() and any(own.requires_grad for own in self.tower):
            return self.project(self.states(digests, 3), 3)
        stays = frozen or self.projector is None

        @torch.no_grad()
        def alone(digest: str) -> torch.Tensor:
            own = self.states([digest], 1)
            return self.project(own, 1) if stays else own

        found = {digest: self.once(digest, alone) if keeps else alone(digest) for digest in dict.fromkeys(digests)}
        if not stays and not torch.is_grad_enabled():
            found = {digest: self.project(own, 1) for digest, own in found.items()}
        rows = torch.cat([found[digest] for digest in digests])
        return rows if stays or not torch.is_grad_enabled() else self.project(rows, 3)

    def once(self, digest: str, compute: Callable[[str], torch.Tensor]) -> torch.Tensor:
        """What is kept of a picture, or is computed and kept."""
        found = self.kept.find(digest)
        if found is None:
            found = [compute(digest)]
            self.kept.add(digest, found)
        return found[0]

    def states(self, digests: list[str], times: int) -> torch.Tensor:
        """[rows, width] of pictures, one behind another; `times` a forward pass's operations are counted."""
        weight = next(self.model.parameters())
        inputs = [self.inputs[digest] for digest in digests]
        tensors = {name: torch.cat([own[name] for own in inputs]).to(weight.device) for name in inputs[0]}
        tensors = {name: own.to(weight.dtype) if own.is_floating_point() else own for name, own in tensors.items()}
        if self.projector is not None:
            self.model.model.multi_modal_projector = Identity()
        try:
            shapes = str({name: tuple(own.shape) for name, own in tensors.items()})
            result = self.counted(shapes, times, lambda: self.model.get_image_features(**tensors))
        finally:
            if self.projector is not None:
                self.model.model.multi_modal_projector = self.projector
        result = getattr(result, "pooler_output", result)
        parts = [result] if isinstance(result, torch.Tensor) else result
        return torch.cat([own.reshape(-1, own.shape[-1]) for own in parts])

    def project(self, states: torch.Tensor, times: int) -> torch.Tensor:
        if self.projector is None:
            return states
        return self.counted(f"projector {len(states)}", times, lambda: self.projector(states))

    def counted(self, kind: str, times: int, compute: Callable[[], T]) -> T:
        """What is computed; its operations are taken once for each kind."""
        if kind not in self.costs:
            with FlopCounterMode(display=False) as counter:
                result = compute()
            self.costs[kind] = counter.get_total_flops()
        else:
            result = compute()
        self.flops += self.costs[kind] * times
        return result

    def insert(self, ids: torch.Tensor, embedded: torch.Tensor, features: torch.Tensor, count: int) -> torch.Tensor:
        """Embeddings [1, tokens, hidden] with the features of `count` pictures in the place of the image tokens' own."""
        places = (ids[0] == self.token).nonzero()[:, 0]
        if len(places) != len(features):
            raise BenchError(
                "DATA_INVALID",
                f"A batch has {len(places)} image tokens; its {count} images take {len(features)}.",
                "Remove the image token from the texts.",
            )
        return embedded[0].index_copy(0, places, features.to(embedded.dtype))[None]

    def places(self, tokens: list[int], digests: list[str]) -> torch.Tensor | None:
        """Positions [3, tokens] of a sequence with pictures in models whose positions have three axes; else None."""
        index = getattr(self.model.model, "get_rope_index", None)
        if index is None or not digests:
            return None
        ids = torch.tensor([tokens])
        known = {
            "input_ids": ids,
            "mm_token_type_ids": (ids == self.token).int(),
            "image_grid_thw": torch.cat([self.inputs[digest]["image_grid_thw"] for digest in digests]),
        }
        asked = inspect.signature(index).parameters
        positions, _ = index(**{name: value for name, value in known.items() if name in asked})
        return positions[:, 0]


@torch.no_grad()
def check_images(model) -> None:
    """Throws CAPABILITY_MISSING where features in the place of image tokens are not all that an architecture makes of images."""
    images, own = model.images, model.model
    side = images.side or PROBES[0][0]
    pixels = (torch.arange(side * side * 3) * 37 % 251).to(torch.uint8).view(side, side, 3)
    images.inputs["check"] = inputs = images.process(pixels)[1]
    sequence = [1, 2, *images.tokens, 3, 4]
    ours = model.packed([sequence], list(range(len(sequence))), [["check"]])
    before = {key: getattr(own.config, key)._attn_implementation for key in own.config.sub_configs}
    ids = torch.tensor([sequence], device=model.device)
    kind = (ids == images.token).int()
    taken = inspect.signature(own.forward).parameters
    given = {name: value for name, value in {"mm_token_type_ids": kind, "token_type_ids": kind}.items() if name in taken}
    given |= {name: value.to(model.device) for name, value in inputs.items()}
    own.set_attn_implementation(dict.fromkeys(before, "sdpa"))
    theirs = own(input_ids=ids, attention_mask=torch.ones_like(ids), **given).logits[0].float()
    own.set_attn_implementation(before)
    if not model.agree(ours, theirs):
        raise BenchError(
            "CAPABILITY_MISSING",
            f"{type(own).__name__} makes more of images than features in the place of their tokens.",
            "Use a model of another architecture for questions with images.",
        )
    model.flops = images.flops = 0
    images.inputs.clear()
    images.forget()


def _tower(model: Module) -> list[Parameter]:
    """The parameters that a picture's states are computed with: all but the language model's and a LLaVA model's projector's."""
    if type(model).__name__ == LLAVA:
        return list(model.model.vision_tower.parameters())
    parts = (model.get_decoder(), model.get_output_embeddings())
    language = {id(own) for part in parts if part is not None for own in part.parameters()}
    return [own for own in model.parameters() if id(own) not in language] or list(model.parameters())


def _open_processor(directory: str, token: int | None):
    try:
        from PIL import Image  # noqa: F401

        processor = AutoProcessor.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise BenchError(
            "ENGINE_UNAVAILABLE",
            f"The processor of {directory} cannot be opened: {error}",
            "Install what it asks for in the engine's Python, such as `pip install pillow torchvision num2words`.",
        ) from error
    if token is None or not isinstance(getattr(processor, "image_token", None), str):
        raise BenchError(
            "CAPABILITY_MISSING",
            f"{type(processor).__name__} of {directory} names no image token.",
            "Use a model whose processor writes a picture as image tokens.",
        )
    return processor


def _bytes(tensors: dict[str, torch.Tensor]) -> int:
    return sum(own.numel() * own.element_size() for own in tensors.values())
