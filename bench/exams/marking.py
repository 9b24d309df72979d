"""What share of the demands was met, by kind, with its interval; held against a baseline."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exams.demands import Met

ALL = "texts with all met"
Z = 1.96  # of 95 per cent


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    met: int
    of: int

    @property
    def value(self) -> float:
        """As a number from 0 to 1."""
        return self.met / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, in 95 of 100 cases (Wilson)."""
        if not self.of:
            return 0.0, 1.0
        spread = Z * Z / self.of
        middle = (self.value + spread / 2) / (1 + spread)
        uncertain = self.value * (1 - self.value) / self.of + spread / (4 * self.of)
        half = Z * math.sqrt(uncertain) / (1 + spread)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.met:>5} of {self.of:<5}{self.value:>7.1%}   {low:.0%} to {high:.0%}"


@dataclass
class Marks:
    """The demands on all texts, counted."""

    met: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def count(self, demands: Iterable[Met], language: str) -> None:
        """Count the demands on one text in a language."""
        is_all_met = True
        for kind, name, is_met in demands:
            self._one(kind, is_met)
            self._one(f"demands in {language}", is_met)
            self._one("demands", is_met)
            is_all_met &= is_met
            self.missed[f"{kind} {name}".strip()] += not is_met
        self._one(ALL, is_all_met)

    def _one(self, kind: str, is_met: bool) -> None:
        self.met[kind] += is_met
        self.of[kind] += 1

    @property
    def shares(self) -> dict[str, Share]:
        """By kind, by language, all together last."""
        languages = sorted(kind for kind in self.of if kind.startswith("demands in "))
        last = (*languages, "demands", ALL)
        kinds = [kind for kind in self.of if kind not in last]
        return {kind: Share(self.met[kind], self.of[kind]) for kind in (*kinds, *last)}


def read_baseline(path: Path, selection: str) -> dict[str, Share]:
    """What the file has for a selection of texts by a model."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {kind: Share(*numbers) for kind, numbers in known.get(selection, {}).items()}


def write_baseline(path: Path, selection: str, shares: Mapping[str, Share]) -> None:
    """Have later exams of the same selection held against these."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known[selection] = {kind: [share.met, share.of] for kind, share in shares.items()}
    lines = json.dumps(known, indent=2, sort_keys=True)
    path.write_text(lines + "\n", encoding="utf-8")


def fell(share: Share, before: Share) -> bool:
    """Whether it is less than what the baseline's own uncertainty explains."""
    return share.value < before.interval[0]
