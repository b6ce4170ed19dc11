"""Messages on a pipe: the length of a JSON text (4 bytes, little endian), the text, and the bytes of its tensors.

In the text a tensor is {"tensor": i}; the i-th of "tensors" is its length in bytes. Tensors are float32, little endian.
A number that JSON does not have is {"number": "nan"}, "inf" or "-inf".
"""

import json
import math
import struct
import traceback
from typing import Any, BinaryIO

import torch

from .errors import BenchError
from .memory import is_short


def read_message(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message, its tensors as flat float32 ones on the CPU; None at the end of the stream."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    message = json.loads(_read_exactly(stream, struct.unpack("<I", head)[0]))
    tensors = [_read_tensor(stream, size) for size in message.pop("tensors", [])]

    def place(value: Any) -> Any:
        if isinstance(value, list):
            return [place(item) if isinstance(item, (dict, list)) else item for item in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"tensor"}:
            return tensors[value["tensor"]]
        return {key: place(item) for key, item in value.items()}

    return place(message)


def read_frames(stream: BinaryIO) -> bytearray:
    """The bytes of the next message, as they are; none at the end of the stream."""
    data = bytearray(stream.read(4))
    if len(data) < 4:
        return bytearray()
    text = _read_exactly(stream, struct.unpack("<I", data)[0])
    data += text
    for size in json.loads(text).get("tensors", []):
        data += _read_exactly(stream, size)
    return data


def write_message(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Writes a message; tensors in it, of any shape, cross as flat float32 ones."""
    frames: list[memoryview] = []

    def take(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            flat = value.detach().to("cpu", torch.float32).contiguous().view(-1)
            frames.append(_bytes_of(flat))
            return {"tensor": len(frames) - 1}
        if isinstance(value, dict):
            return {key: take(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [take(item) for item in value]
        if isinstance(value, float) and not math.isfinite(value):
            return {"number": str(value)}
        return value

    taken = take(message)
    taken["tensors"] = [frame.nbytes for frame in frames]
    text = json.dumps(taken, allow_nan=False).encode()
    stream.write(struct.pack("<I", len(text)) + text)
    for frame in frames:
        stream.write(frame)
    stream.flush()


def failure(error: Exception) -> dict[str, Any]:
    """What is answered where a call fails: a code of bench's, OUT_OF_MEMORY, or none for what nobody expected."""
    if isinstance(error, BenchError):
        return {"code": -32000, "message": str(error), "data": {"code": error.code, "fix": error.fix}}
    if is_short(error):
        torch.cuda.empty_cache()
        return {"code": -32001, "message": str(error), "data": {"code": "OUT_OF_MEMORY"}}
    trace = "".join(traceback.format_exception(error))
    return {"code": -32603, "message": f"{type(error).__name__}: {error}", "data": {"trace": trace}}


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("The stream ended within a message.")
    return data


def _read_tensor(stream: BinaryIO, size: int) -> torch.Tensor:
    """Reads into the tensor's own memory."""
    tensor = torch.empty(size // 4)
    if stream.readinto(_bytes_of(tensor)) < size:
        raise EOFError("The stream ended within a message.")
    return tensor


def _bytes_of(flat: torch.Tensor) -> memoryview:
    return memoryview(flat.numpy()).cast("B") if flat.numel() > 0 else memoryview(bytearray())
