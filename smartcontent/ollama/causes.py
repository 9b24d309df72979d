"""Every cause of a failure: the sentence people read, and the words it is known by."""

# One cause a row; wrapped rows would hide the table.
# ruff: noqa: E501

from collections.abc import Mapping
from enum import Enum, auto
from string import Formatter
from typing import Any, NamedTuple

from smartcontent.ollama.reaching import how_to_reach


class Mender(Enum):
    """Who can do what a sentence asks for after its colon."""

    READER = auto()
    DOWNLOADER = auto()  # the reader where the page offers the download, else an operator
    OPERATOR = auto()
    # An operator, too; and nobody's text can be written until it is done.
    OPERATOR_OF_ALL = auto()


class Kind(NamedTuple):
    """How one cause is told: may it pass by itself, who can mend it, and what to say."""

    transient: bool
    mender: Mender
    sentence: str

    def filled(self, values: Mapping[str, Any]) -> str:
        """The sentence with its values.

        Raises:
            KeyError, ValueError, TypeError: they are not the values of this cause.
        """
        if "server" in values:
            values = {"reach": how_to_reach(str(values["server"])), **values}
        return self.sentence.format_map(values)

    def of_use(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the values that the sentence is made of."""
        fields = {field for _, field, _, _ in Formatter().parse(self.sentence)}
        wanted = fields | ({"server"} if "reach" in fields else set())
        return {name: value for name, value in values.items() if name in wanted}


_READER, _OPERATOR, _OF_ALL = Mender.READER, Mender.OPERATOR, Mender.OPERATOR_OF_ALL


KINDS = {
    "address": Kind(False, _OF_ALL, "Nothing at {server} answers as Ollama does: check OLLAMA_HOST, then retry."),
    "unreachable": Kind(True, _OF_ALL, "Ollama at {server} cannot be reached: {reach}, then retry."),
    "gateway": Kind(True, _OF_ALL, "The gateway in front of Ollama at {server} could not reach it: retry in a minute."),
    "tls": Kind(False, _OF_ALL, "No secure connection to Ollama at {server}: check its certificate and OLLAMA_HOST, then retry."),
    "unauthorized": Kind(False, _OF_ALL, "Ollama at {server} asks for a sign-in: check OLLAMA_API_KEY or run `ollama signin` there, then retry."),
    "forbidden": Kind(False, _OF_ALL, "Ollama at {server} does not accept requests from here: check OLLAMA_HOST and the server's settings, then retry."),
    "model_missing": Kind(False, _OPERATOR, "The model {model} is not on the Ollama server: run `ollama pull {model}`, then retry."),
    "model_unknown": Kind(False, _OPERATOR, "The Ollama library has no model named {model}: check the spelling (OLLAMA_MODEL, or the brief's), then pull it again."),
    "model_name": Kind(False, _READER, "“{model}” cannot be the name of an Ollama model: choose another, then retry."),
    "model_incompatible": Kind(False, _OPERATOR, "The model {model} does not run on this version of Ollama: update Ollama or choose another model, then retry."),
    "unsupported": Kind(False, _READER, "The model {model} cannot write texts: choose another model, then retry."),
    "prompt_too_long": Kind(False, _OPERATOR, "The brief is too long for the model {model}: shorten it or raise OLLAMA_NUM_CTX, then retry."),
    "refused": Kind(False, _OPERATOR, "Ollama refused the request: ask whoever runs it to look at its log."),
    "busy": Kind(True, _READER, "Ollama is busy with other texts: retry in a few minutes."),
    "out_of_memory": Kind(True, _READER, "The Ollama server has too little memory for the model {model}: choose a smaller model or retry when other models are unloaded."),
    "load_failed": Kind(True, _READER, "Ollama could not load the model {model}: retry, or choose another model."),
    "runner_died": Kind(True, _READER, "Ollama stopped while it ran the model {model}: retry, or choose a smaller model."),
    "server_error": Kind(True, _OPERATOR, "Ollama reported an error: retry, and if it happens again ask whoever runs it to look at its log."),
    "disk_full": Kind(False, _OPERATOR, "The Ollama server has no room left for the model {model}: free some disk space there, then pull it again."),
    "pull_failed": Kind(True, _OPERATOR, "Ollama could not download the model {model}: check its connection to the internet, then pull it again."),
    "stream_cut": Kind(True, _READER, "The connection to Ollama broke before it had finished: retry."),
    "no_word": Kind(True, _READER, "Ollama sent no word in {seconds:g} seconds: retry later, or choose a smaller model."),
    "silent": Kind(True, _READER, "Ollama fell silent in mid-text for {seconds:g} seconds: retry later, or choose a smaller model."),
    "unfinished": Kind(False, _READER, "Ollama had not finished after {seconds:g} seconds: retry later, or choose a smaller model."),  # another try would take as long
    "repeating": Kind(False, _READER, "The model {model} went on repeating itself and was stopped: keep what it wrote, retry, or choose another model."),
    "empty": Kind(True, _READER, "The model answered with an empty text: retry, or choose another model."),
    "only_thinking": Kind(False, _READER, "The model spent its whole length on thinking and wrote no text: choose another model, then retry."),
    "too_long": Kind(False, _READER, "The model wrote {limit:,} characters without coming to an end: ask for a shorter text or choose another model, then retry."),
    "protocol": Kind(False, _OF_ALL, "What answers at {server} does not speak Ollama's language: check OLLAMA_HOST, then retry."),
    "closed": Kind(True, _READER, "The request to Ollama was stopped before it had finished: retry."),
}  # fmt: skip


class Rule(NamedTuple):
    """Statuses and words by which a cause is known; no status stands for an error in mid-stream."""

    statuses: frozenset[int | None]
    words: str
    cause: str


def _on(*statuses: int | range | None) -> frozenset[int | None]:
    spread = [s if isinstance(s, range) else (s,) for s in statuses]
    return frozenset(status for group in spread for status in group)


_SERVER = _on(500, None)
# Wording changes between versions, so the status decides first; servers before 0.12.6 sent every
# error of a stream as a line, which is why lines (None) match nearly everything. First match wins.
# What matches stands in logs, and so has nothing that a server chose.
RULES = (
    Rule(_on(404), "page not found", "address"),
    Rule(_on(404, None), r"(?=model .*not found)model|try pulling", "model_missing"),
    Rule(_on(404, range(300, 400)), "", "address"),
    Rule(_on(400, None), r"available context size|longer than the context|exceed_context", "prompt_too_long"),
    Rule(_on(400, None), r"does not support", "unsupported"),
    Rule(_on(400), r"invalid model name", "model_name"),
    Rule(_on(401), "", "unauthorized"),
    Rule(_on(403), "", "forbidden"),
    # We ask what Ollama answers, as it wants to be asked, and its refusals are never pages.
    Rule(_on(405, 406, 410), "", "address"),
    Rule(_on(400, 415, 421, 501), r"<!doctype|<html", "address"),
    Rule(_on(429, 503), "", "busy"),
    Rule(_on(None), r"server busy", "busy"),
    Rule(_on(408, 502, 504), "", "gateway"),
    # The library's words, and the statuses of others that models come from by their addresses.
    Rule(_SERVER, r"file does not exist|pull model manifest: 40[0-4]\b", "model_unknown"),
    Rule(_SERVER, r"no space left", "disk_full"),
    Rule(_SERVER, r"must be of type|invalid format|stream event exceeded", "refused"),
    Rule(_SERVER, r"out.of.memory|more system memory|unable to load full model|insufficient memory", "out_of_memory"),
    Rule(_SERVER, r"may be incompatible|newer version of ollama|unknown model architecture", "model_incompatible"),
    Rule(_SERVER, r"token repeat limit", "repeating"),
    Rule(_SERVER, r"process has terminated|timed out waiting for llama|failed to load", "load_failed"),
    Rule(_SERVER, r"unexpectedly stopped|error was encountered while running", "runner_died"),
    Rule(_SERVER, r"pull model manifest|dial tcp|max retries exceeded|digest mismatch", "pull_failed"),
    Rule(_on(None, range(500, 600)), "", "server_error"),
    Rule(_on(range(400, 500)), "", "refused"),
)  # fmt: skip
