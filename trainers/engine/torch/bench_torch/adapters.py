"""LoRA and AdaLoRA by PEFT, injected into the model itself; adapters on one another; folding them into the weights."""

from collections.abc import Iterable
from functools import partial

import torch
from peft import AdaLoraConfig, LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from peft.tuners.tuners_utils import BaseTunerLayer
from torch.distributed.tensor import DTensor
from torch.nn import Linear, Module, Parameter
from torch.nn import functional as F
from transformers.pytorch_utils import Conv1D

from .errors import BenchError
from .images import plain_name
from .ranks import Ranks, local


def linear_modules(model: Module) -> dict[str, Module]:
    """Every linear module of the language model but the head by its path, adapted ones with their adapters."""
    head = model.get_output_embeddings()
    language = {id(module) for module in model.get_decoder().modules()}
    found: dict[str, Module] = {}
    for path, module in model.named_modules():
        inside = any(path.startswith(f"{outer}.") for outer in found)
        if not inside and id(module) in language and module is not head and isinstance(module, (Linear, Conv1D, BaseTunerLayer)):
            found[path] = module
    return found


def named(paths: Iterable[str], names: list[str]) -> list[str]:
    """The modules with one of these last names."""
    return [path for path in paths if path.rsplit(".", 1)[-1] in names]


class Adapters:
    """The adapters of a model, oldest first; the last one is trained, the others act and are frozen."""

    def __init__(self, model: Module, options: dict, ranks: Ranks):
        self.model = model
        self.options = options
        self.ranks = ranks
        self.names: list[str] = []
        paths = list(linear_modules(model))
        known = {path.rsplit(".", 1)[-1] for path in paths}
        unknown = [name for name in options["targetModules"] if name not in known]
        if unknown or not options["targetModules"]:
            raise BenchError(
                "CONFIG_INVALID",
                f"LoRA cannot target {unknown[0] if unknown else 'no module'}.",
                f"Use some of: {', '.join(sorted(known))}.",
            )
        self.paths = named(paths, options["targetModules"])
        self.add()

    def add(self) -> None:
        """One more adapter of the same form; its values are the caller's to set."""
        name = f"bench{len(self.names)}"
        shared = {
            "lora_alpha": self.options["alpha"],
            "lora_dropout": self.options["dropout"],
            "target_modules": self.paths,
        }
        if self.options.get("kind") == "adalora":
            ranks = {"init_r": self.options["rank"], "target_r": self.options["targetRank"]}
            config = AdaLoraConfig(**ranks, **shared, total_step=1)
        else:
            config = LoraConfig(r=self.options["rank"], **shared)
        inject_adapter_in_model(config, self.model, adapter_name=name)
        self.names.append(name)
        for layer in self.layers().values():
            layer.set_adapter(self.names)
            if isinstance(layer, LoraLayer) and self.options.get("kind") != "adalora":
                layer.forward = partial(_adapted, layer)
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        # As the base's: PEFT makes them float32, and would convert all that enters them; the master weights are float32.
        dtype = self.model.get_input_embeddings().weight.dtype
        for parameter in self.trained().values():
            parameter.data = parameter.data.to(dtype)
        # The model is in the state of evaluation but for the adapters' own dropout, which `dropping` turns on.
        self.model.eval()

    def layers(self) -> dict[str, BaseTunerLayer]:
        return {path: module for path, module in self.model.named_modules() if isinstance(module, BaseTunerLayer)}

    def matrices(self, name: str) -> dict[str, dict[str, Parameter]]:
        """A, B and, in AdaLoRA, E of every adapted module."""
        found = {}
        for path, layer in self.layers().items():
            own = {}
            for part in ("A", "B", "E"):
                stored = getattr(layer, f"lora_{part}", {})
                if name in stored:
                    value = stored[name]
                    own[part] = value if isinstance(value, Parameter) else value.weight
            found[path] = own
        return found

    def trained(self) -> dict[str, Parameter]:
        """The tensors of the last adapter, as PEFT names them."""
        return {
            f"{plain_name(self.model, path)}.lora_{part}.weight": parameter
            for path, parts in self.matrices(self.names[-1]).items()
            for part, parameter in parts.items()
        }

    def dropping(self, active: bool) -> None:
        for layer in self.layers().values():
            layer.lora_dropout.train(active)

    def merge(self) -> None:
        """Folds all adapters into the weights of the modules that they adapt, and takes them away."""
        for path, layer in self.layers().items():
            weight = layer.get_base_layer().weight
            if isinstance(weight, DTensor):
                for name in self.names:
                    local(weight).add_(self.ranks.part(layer.get_delta_weight(name), weight))
            else:
                layer.merge()
            parent, _, name = path.rpartition(".")
            setattr(self.model.get_submodule(parent), name, layer.get_base_layer())
        if hasattr(self.model, "peft_config"):
            del self.model.peft_config

    def orthogonality(self) -> torch.Tensor:
        """Sum of |A_earlier·Aᵀ| over the modules (O-LoRA, 2310.14152, eq. 8)."""
        own = self.matrices(self.names[-1])
        earlier = [self.matrices(name) for name in self.names[:-1]]
        rows = {path: torch.cat([matrices[path]["A"] for matrices in earlier]) for path in own}
        return torch.stack([(parts["A"] @ rows[path].T).abs().sum() for path, parts in own.items()]).sum()

    def sparsity(self) -> torch.Tensor:
        """Sum of |B·A| over the modules (N-LoRA, 2410.10179)."""
        modules = self.matrices(self.names[-1]).values()
        return torch.stack([(parts["B"] @ parts["A"]).abs().sum() for parts in modules]).sum()

    def orthonormality(self) -> torch.Tensor:
        """Sum of ‖PᵀP - I‖² + ‖QQᵀ - I‖² over the modules (AdaLoRA, 2303.10512, eq. 4)."""

        def distance(rows: torch.Tensor) -> torch.Tensor:
            return (rows @ rows.T - torch.eye(len(rows), device=rows.device)).square().sum()

        modules = self.matrices(self.names[-1]).values()
        return torch.stack([distance(parts["A"]) + distance(parts["B"].T) for parts in modules]).sum()


def _adapted(layer: LoraLayer, x: torch.Tensor) -> torch.Tensor:
    """What PEFT computes for LoRA, with scaling and sum within the product."""
    result = layer.get_base_layer()(x)
    rows = result.flatten(0, -2)
    for name in layer.active_adapters:
        inner = F.linear(layer.lora_dropout[name](x), layer.lora_A[name].weight).flatten(0, -2)
        rows = torch.addmm(rows, inner, layer.lora_B[name].weight.t(), alpha=layer.scaling[name])
    return rows.view(result.shape)
