"""The processes that compute one model together: FSDP2 divides its weights, and this is what else they share.

Every process makes the same calls in the same order. Sequences are dealt to them; what each finds is summed.
"""

import ctypes
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor

from .errors import BenchError
from .memory import layers_of
from .wire import read_frames


class Ranks:
    """One process, or those that `launch` started. With one, every method gives back what it gets."""

    def __init__(self):
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        self.several = self.size > 1
        if not self.several:
            return
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: ends with `launch`, even while it hangs
        # Messages and flags are on the CPU, weights and gradients where they are computed.
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")

    @property
    def first(self) -> bool:
        """Whether it speaks with bench."""
        return self.rank == 0

    def device(self, name: str) -> torch.device:
        """The process's own among the devices of a kind."""
        device = torch.device(name)
        if self.several and device.type == "cuda":
            device = torch.device("cuda", self.rank)
            torch.cuda.set_device(device)
        return device

    def relayed(self, source):
        """The stream of messages that the first process hears, for all of them."""
        return Relay(self, source) if self.several else source

    # What is dealt, and put together again.

    def mine(self, items: list) -> list:
        return items[self.rank :: self.size]

    def gathered(self, rows: list) -> list:
        """Plain data by the places that `mine` took it from, of all processes."""
        if not self.several:
            return rows
        own = json.dumps(rows).encode()
        parts = [json.loads(self.sent(bytearray(own), rank)) for rank in range(self.size)]
        return [parts[i % self.size][i // self.size] for i in range(sum(map(len, parts)))]

    def sent(self, data: bytearray, source: int) -> bytearray:
        """The bytes that one of the processes has, on every process."""
        length = torch.tensor(len(data))
        dist.broadcast(length, source)
        if self.rank != source:
            data = bytearray(int(length))
        if data:
            dist.broadcast(torch.frombuffer(data, dtype=torch.uint8), source)
        return data

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over the processes, in place."""
        if self.several:
            dist.all_reduce(values)
        return values

    def total(self, number: float) -> float:
        return self.sum(torch.tensor(number, dtype=torch.float64)).item() if self.several else number

    def any(self, flag: bool) -> bool:
        return self.total(float(flag)) > 0

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """One process at a time does what is within, so that the host's memory has it once."""
        try:
            for _ in range(self.rank):
                self.any(False)
            yield
        finally:
            for _ in range(self.size - self.rank):
                self.any(False)

    # The divided model.

    def mesh(self, device: torch.device) -> DeviceMesh | None:
        return init_device_mesh(device.type, (self.size,)) if self.several else None

    def divide(self, model: torch.nn.Module, mesh: DeviceMesh | None, device: torch.device) -> torch.nn.Module:
        """The model on the device; of several processes each has a part of every layer and of what is outside of them."""
        if mesh is None:
            return model.to(device)
        layers = layers_of(model)
        if not layers:
            raise BenchError(
                "CAPABILITY_MISSING",
                f"{type(model).__name__} is not divided between devices: transformers does not say what its layers are.",
                "Leave --devices-per-cell out.",
            )
        policy = MixedPrecisionPolicy(reduce_dtype=torch.float32)
        for module in [*layers, model]:
            fully_shard(module, mesh=mesh, reshard_after_forward=True, mp_policy=policy)
        return model.to(device)

    def within(self, model: torch.nn.Module, part: torch.nn.Module) -> Callable:
        """Calls a part of the model by itself: FSDP2 gathers for it what the model has outside of its layers."""
        if not self.several:
            return part
        name = f"bench_{type(part).__name__}"
        setattr(model, name, lambda *args, **kwargs: part(*args, **kwargs))
        register_fsdp_forward_method(model, name)
        return getattr(model, name)

    @contextmanager
    def undivided(self, model: torch.nn.Module, fits: Callable[[], bool]) -> Iterator[None]:
        """Where they fit on every device, all weights are there from their first use within until the end."""
        if not self.several or self.any(not fits()):
            yield
            return
        model.set_reshard_after_forward(False)
        try:
            yield
        finally:
            model.set_reshard_after_forward(True)
            for module in model.modules():
                if isinstance(module, FSDPModule):
                    module.reshard()

    def rows(self, count: int) -> slice:
        """Which of a parameter's rows this process has, as FSDP2 divides them."""
        each = -(-count // self.size)
        return slice(min(self.rank * each, count), min((self.rank + 1) * each, count))

    def part(self, whole: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
        """What this process has of a tensor that is divided as a parameter is."""
        return whole[self.rows(len(whole))] if isinstance(parameter, DTensor) else whole

    def whole(self, part: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
        """The tensor of which each process has a part; on every process."""
        if not isinstance(parameter, DTensor):
            return part
        mesh, placements = parameter.device_mesh, parameter.placements
        shape, stride = parameter.shape, parameter.stride()
        return DTensor.from_local(part, mesh, placements, shape=shape, stride=stride).full_tensor()


def local(parameter: torch.Tensor) -> torch.Tensor:
    """What of a parameter is in this process: all of it, or its rows."""
    return parameter.to_local().detach() if isinstance(parameter, DTensor) else parameter.data


class Relay:
    """The stream of messages: the first process reads it, and sends each message to the others."""

    def __init__(self, ranks: Ranks, source):
        self.ranks = ranks
        self.source = source
        self.message = io.BytesIO()

    def read(self, size: int) -> bytes:
        if self.message.tell() == self.message.getbuffer().nbytes:
            frames = read_frames(self.source) if self.ranks.first else bytearray()
            self.message = io.BytesIO(self.ranks.sent(frames, 0))
        return self.message.read(size)

    def readinto(self, buffer) -> int:
        """What follows in the message that `read` began with."""
        return self.message.readinto(buffer)
