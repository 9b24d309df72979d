"""What a GGUF file says about its model, read from the start of the file."""

import struct
from pathlib import Path
from typing import BinaryIO

# https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
_STRING, _ARRAY = 8, 9
_NUMBERS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_QUANTIZATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 32: "BF16",
}  # fmt: skip
Value = str | int | float | bool


class NotGguf(Exception):
    """The file is not a GGUF model."""


def metadata(path: Path) -> dict[str, Value]:
    """The single values, by their names; of the lists (the vocabulary) none.

    Raises:
        NotGguf: the file is something else, or cut off.
    """
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise NotGguf(f"{path} is not a GGUF model.")
        try:
            return _values(file)
        except (struct.error, UnicodeDecodeError, KeyError) as error:
            raise NotGguf(f"{path} is damaged.") from error


def quantization(values: dict[str, Value]) -> str:
    """The kind of its weights, as Ollama writes it."""
    return _QUANTIZATIONS.get(int(values.get("general.file_type", -1)), "unknown")


def _values(file: BinaryIO) -> dict[str, Value]:
    _version, _tensors, count = _unpack(file, "IQQ")
    values: dict[str, Value] = {}
    for _ in range(count):
        key = _string(file)
        (kind,) = _unpack(file, "I")
        if kind == _ARRAY:
            _skip_array(file)
        else:
            values[key] = _string(file) if kind == _STRING else _unpack(file, _NUMBERS[kind])[0]
    return values


def _skip_array(file: BinaryIO) -> None:
    kind, count = _unpack(file, "IQ")
    if kind == _STRING:
        for _ in range(count):
            _string(file)
    else:
        file.seek(count * struct.calcsize(_NUMBERS[kind]), 1)


def _string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    if length > 1_000_000:
        raise struct.error("a string longer than any")
    return file.read(length).decode()


def _unpack(file: BinaryIO, kinds: str) -> tuple:
    layout = struct.Struct("<" + kinds)
    return layout.unpack(file.read(layout.size))
