"""The briefs of the writing exam: each told in three ways, each way written with three seeds."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartcontent.briefs.brief import Brief

WORDINGS = 3
SEEDS = 3
A_BRIEF = 2  # texts of each brief in the small selection
_NEVER = {
    "en": "Do not use these words: {}.",
    "de": "Diese Wörter kommen nicht vor: {}.",
    "fr": "N'utilise pas ces mots : {}.",
    "es": "No uses estas palabras: {}.",
    "it": "Non usare queste parole: {}.",
}
_ABOUT = {
    "en": "We need a text. It is about this: {}. Important: {}.",
    "de": "Wir brauchen einen Text. Darum geht es: {}. Wichtig: {}.",
    "fr": "Il nous faut un texte. Voici le sujet : {}. Important : {}.",
    "es": "Necesitamos un texto. Se trata de esto: {}. Importante: {}.",
    "it": "Ci serve un testo. Si tratta di questo: {}. Importante: {}.",
}


@dataclass(frozen=True)
class Paper:
    """One text that is asked for."""

    name: str
    brief: Brief
    never: tuple[str, ...]
    seed: int


def papers(languages: set[str], is_full: bool) -> list[Paper]:
    """All that are asked for in these languages, or in each two of every brief, all ways in turn.

    So ordered that the first n are of all types and languages.
    """
    asked = [each for each in _asked() if not languages or each["language"] in languages]
    ways = [(wording, seed) for wording in range(WORDINGS) for seed in range(SEEDS)]
    rounds = len(ways) if is_full else A_BRIEF
    return [
        _paper(each, *ways[(4 * place + 5 * number) % len(ways)])
        for number in range(rounds)
        for place, each in enumerate(asked)
    ]


def _asked() -> list[dict[str, Any]]:
    found = tomllib.loads(Path(__file__).with_name("briefs.toml").read_text(encoding="utf-8"))
    return list(_of_all_languages(found["brief"]))


def _of_all_languages(briefs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Five types in five languages first, and so on: no n of them are of one language."""
    types = list(dict.fromkeys(each["content_type"] for each in briefs))
    languages = list(dict.fromkeys(each["language"] for each in briefs))
    by_both = {(each["content_type"], each["language"]): each for each in briefs}
    for turn in range(len(languages)):
        for place, content_type in enumerate(types):
            yield by_both[content_type, languages[(place + turn) % len(languages)]]


def _paper(asked: dict[str, Any], wording: int, seed: int) -> Paper:
    language, never = asked["language"], tuple(asked["never"])
    brief = Brief(
        content_type=asked["content_type"],
        topic=_worded(asked, wording),
        audience=asked["audience"],
        length=asked["length"],
        language=language,
        keywords=tuple(asked["keywords"]),
        instructions=_NEVER[language].format(", ".join(never)),
    )
    name = f"{asked['content_type']} {language} wording {wording + 1} seed {seed + 1}"
    return Paper(name, brief, never, seed + 1)


def _worded(asked: dict[str, Any], wording: int) -> str:
    what, facts = asked["what"], asked["facts"]
    return (
        f"{what}: {', '.join(facts)}",
        "\n".join([what, *(f"- {fact}" for fact in facts)]),
        _ABOUT[asked["language"]].format(what, "; ".join(facts)),
    )[wording]
