"""What answers hold, in JSON Schema's words; each with a title stands in the document by its name.

The tests hold every answer they get against these.
"""

from typing import Any, Literal, get_args, get_origin, get_type_hints

from smartcontent.briefs.brief import BRIEF
from smartcontent.briefs.voice import SHARED_VOICE
from smartcontent.briefs.wishes import WISHES
from smartcontent.contents.history.reading import READER
from smartcontent.doors import Door
from smartcontent.fields import Field
from smartcontent.models import Origin, Status, Verdict, What
from smartcontent.texts.diff import Piece
from smartcontent.texts.quality.card import Card

Schema = dict[str, Any]


def text(about: str = "", example: str | None = None, **more: Any) -> Schema:
    """A text."""
    known: Schema = {"description": about} if about else {}
    examples: Schema = {} if example is None else {"examples": [example]}
    return {"type": "string", **known, **examples, **more}


def number(about: str, example: float, kind: str = "number") -> Schema:
    """A number, or with kind "integer" a whole one."""
    known = {"description": about} if about else {}
    return {"type": kind, "examples": [example], **known}


def moment(about: str, example: str = "2026-03-01T09:30:00.000Z") -> Schema:
    """A moment in UTC."""
    return text(about, example, format="date-time")


def or_null(schema: Schema) -> Schema:
    """The same, or nothing; what is said of it stays outside."""
    about: Schema = {
        name: schema[name] for name in ("description", "default", "examples") if name in schema
    }
    inner = {name: value for name, value in schema.items() if name not in about}
    return {**about, "anyOf": [inner, {"type": "null"}]}


def listed(schema: Schema, about: str = "") -> Schema:
    """A list of such."""
    known = {"description": about} if about else {}
    return {"type": "array", "items": schema, **known}


def shape(title: str, about: str, properties: dict[str, Schema], optional: str = "") -> Schema:
    """An object with these names; all of them are always there but the optional ones."""
    return {
        "title": title,
        "description": about,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional.split()],
    }


def of_class(kind: type) -> Schema:
    """What is answered of a dataclass or a named tuple, as its type hints and docstring say."""
    parts = {name: _of_hint(hint) for name, hint in get_type_hints(kind).items()}
    about = " ".join((kind.__doc__ or "").split())
    return shape(kind.__name__, about, parts)


def _of_hint(hint: Any) -> Schema:
    plain = {str: "string", int: "integer", float: "number", bool: "boolean"}
    if hint in plain:
        return {"type": plain[hint]}
    inner = get_args(hint)
    if get_origin(hint) is list:
        return listed(_of_hint(inner[0]))
    if get_origin(hint) is dict:
        return {"type": "object", "additionalProperties": _of_hint(inner[1])}
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": [*inner]}
    return or_null(_of_hint(inner[0])) if inner else of_class(hint)


def part_of(fields: dict[str, Field], *names: str) -> dict[str, Schema]:
    """What was sent, as it is answered: without limits, which are those of what may be sent."""
    return {name: _answered(fields[name]) for name in names or fields}


def _answered(rule: Field) -> Schema:
    schema = rule.schema()
    if "anyOf" in schema:
        schema = {**schema["anyOf"][0], "examples": schema["examples"]}
    return {name: schema[name] for name in ("type", "items", "examples") if name in schema}


_ID = text("", "0b9c9e52-6a3e-4f0e-9b57-0e6f7d0f6a52", format="uuid")
_PATH = text("", "/api/v1/contents/0b9c9e52-6a3e-4f0e-9b57-0e6f7d0f6a52")
STATUS: Schema = {"type": "string", "enum": [*Status], "examples": [Status.PENDING]}
_DUE = or_null(moment("When it starts or has started to wait; `null` on hold."))
_STARTED = or_null(moment("When a worker began to write."))
_FINISHED = or_null(moment("When it ended."))
_STATS: Schema = {"type": "object", "description": "What Ollama measured: tokens, seconds."}

LINKS = shape(
    "Links",
    "Paths without a host.",
    {
        name: _PATH
        for name in ("self", "status", "cancel", "start", "hold", "release", "retry", "page")
    }
    | {"events": text("", "/api/v1/events")},
)

ACCEPTED = shape(
    "Accepted",
    "A brief that is stored, and its first draft scheduled.",
    {
        "id": _ID,
        "status": STATUS,
        "job_id": text("The background job, as logs and RQ name it.", "draft-000000000017-1-u1"),
        "draft_id": number("The draft's id.", 17, "integer"),
        "scheduled_for": _DUE,
        "delay_seconds": number("The delay that was asked for, or the server's.", 60),
        "links": LINKS,
    },
)

REPURPOSED = shape(
    "Repurposed", "What is made from a text: a content each.", {"contents": listed(ACCEPTED)}
)

_DRAFT = {
    "id": number("", 17, "integer"),
    "number": number("Its number within the content, from 1.", 1, "integer"),
    "origin": {
        "type": "string",
        "enum": [*Origin],
        "description": "How it came about.",
        "examples": [Origin.GENERATED],
    },
    "status": STATUS,
    "error": or_null(text("Why the last attempt failed, in a sentence.")),
    "model": or_null(text("The Ollama model that was asked.", "llama3.2:3b")),
    "words": or_null(
        number(
            "How long the text is: in words, or in characters where its script has no blanks "
            "between them.",
            120,
            "integer",
        )
    ),
    "made_from": or_null(number("The number of the draft it was made of.", 1, "integer")),
    "refine": or_null(text("How it was made of that.", "shorter")),
    "reproduces": or_null(
        {
            "type": "object",
            "description": "Which draft it repeats, and whether they are the same: `number`, "
            "`identical`, `differs_at`, `same_model`: whether the model has the digest it had.",
        }
    ),
    "wishes": or_null(
        {
            "type": "object",
            "description": "What it has for itself alone, over the content's own: `model`, "
            "`temperature`, `seed`.",
        }
    ),
    "stats": or_null(_STATS),
    "read_ahead_ms": or_null(
        number("How long the model read the prompt before the due time; null: it did not.", 2140.5)
    ),
    "saved_ms": or_null(number("What it need not read any more when it was due.", 2110.2)),
    "scheduled_for": _DUE,
    "started_at": _STARTED,
    "finished_at": _FINISHED,
}
LISTED_DRAFT = shape("ListedDraft", "A draft without its text.", _DRAFT)
DRAFT = shape(
    "Draft",
    "One version of a text.",
    _DRAFT
    | {
        "text": text("Markdown; while it is being written, as of a few seconds ago.", "# Tea"),
        "taken_out": or_null(
            text(
                "What the model wrote besides, which is no text: its thoughts, “Here is your "
                "caption:”, a fence around everything."
            )
        ),
        "model_digest": or_null(text("What Ollama knows the model's file by.")),
        "brief": or_null({"type": "object", "description": "The brief it was written from."}),
        "options": or_null({"type": "object", "description": "The options sent to Ollama."}),
        "messages": or_null(listed({"type": "object"}, "The messages sent to Ollama.")),
    },
)

_CHOSEN_VOICE = or_null(
    shape(
        "ChosenVoice",
        "The voice it was submitted with, by the name it had then.",
        {"id": _ID, "name": text("", "Northwind")},
    )
)
_SUMMARY = {
    "id": _ID,
    "title": text("", "A teapot of blue glass"),
    **part_of(BRIEF),
    **{
        name: or_null(schema)
        for name, schema in part_of(WISHES, "model", "temperature", "seed").items()
    },
    "voice": _CHOSEN_VOICE,
    "source": or_null(
        shape(
            "Source",
            "What it was made from.",
            {
                "id": or_null(_ID | {"description": "Of the content; `null` once it is gone."}),
                "number": number("The number of that content's draft.", 2, "integer"),
            },
        )
    ),
    "tags": listed(text("", "spring"), "What it is kept together by."),
    "favourite": {"type": "boolean", "examples": [False]},
    "created_at": moment("When it was submitted."),
    "status": STATUS,
    "scheduled_for": _DUE,
    "text": text("The current draft's, in Markdown.", "# Tea"),
    "links": LINKS,
}
SUMMARY = shape(
    "Summary",
    "A content as it stands in the list: `status`, `scheduled_for` and `text` are its current "
    "draft's; `model`, `temperature` and `seed` are `null` where they were left to the server.",
    _SUMMARY,
)
CONTENT = shape(
    "Content",
    "A content with all its drafts, the first one first, without their texts.",
    _SUMMARY
    | {
        "made_from_older_text": {
            "type": "boolean",
            "description": "Whether its source has another text by now.",
            "examples": [False],
        },
        "drafts": listed(LISTED_DRAFT),
    },
)
FOUND = shape(
    "Found",
    "A content as it stands in a list, and where it has what was searched.",
    _SUMMARY
    | {
        "snippets": listed(
            text("", "A [[teapot]] of blue glass, 0.8 litres"),
            "Pieces of title, text and brief, each with what was found between `[[` and `]]`; none "
            "where nothing was searched.",
        )
    },
)
PAGE = shape(
    "Page",
    "Contents in the order that was asked for, the newest first unless another was.",
    {
        "items": listed(FOUND),
        "next_cursor": or_null(text("Send it as `cursor` for the next page; `null` on the last.")),
    },
)
PROGRESS = shape(
    "Progress",
    "Where a draft is on its way.",
    {
        "status": STATUS,
        "scheduled_for": _DUE,
        "seconds_until_start": or_null(
            number("0 once its time has come, `null` when it waits for no time.", 41.7)
        ),
        "position": or_null(
            number(
                "How many drafts, of all users, are due and come first; `null` when it does not "
                "wait.",
                0,
                "integer",
            )
        ),
        "eta_seconds": or_null(
            number(
                "Until its text is complete, as far as earlier drafts tell; `null` while there "
                "is nothing to learn from, on hold, and when it has ended.",
                55.2,
            )
        ),
        "waiting_for": or_null(
            text(
                "What it waits for, in a sentence; `null` when it has ended.",
                "Starts in 42 seconds.",
            )
        ),
        "started_at": _STARTED,
        "finished_at": _FINISHED,
    },
)
_KEPT: dict[str, Schema] = {
    "own": {"type": "boolean", "description": "Whether it is yours.", "examples": [True]},
    "created_at": moment("Since when there is it."),
}
VOICE = shape("Voice", "How a brand sounds.", {"id": _ID, **part_of(dict(SHARED_VOICE)), **_KEPT})
VOICES = shape("Voices", "Yours, and those that others share, by name.", {"items": listed(VOICE)})
TEMPLATE = shape(
    "Template",
    "A brief with blanks.",
    {
        "id": _ID,
        "name": text("", "Weekly offer"),
        "brief": {
            "type": "object",
            "description": "Fields of a brief, with blanks like `{product}` in their texts.",
            "examples": [{"content_type": "ad_copy", "topic": "{product}, now for {price}"}],
        },
        "blanks": listed(text("", "product"), "The names of its blanks, as they come."),
        "defaults": {
            "type": "object",
            "description": "What stands in a blank that nobody fills.",
            "additionalProperties": {"type": "string"},
        },
        "shared": {"type": "boolean", "examples": [False]},
        "built_in": {
            "type": "boolean",
            "description": "Whether it came with the product.",
            "examples": [False],
        },
        **_KEPT,
        "created_at": or_null(_KEPT["created_at"]),
    },
)
TEMPLATES = shape(
    "Templates", "Yours, shared ones, and built-in ones.", {"items": listed(TEMPLATE)}
)
ROW_PROBLEM = shape(
    "RowProblem",
    "What is wrong with one row of a batch.",
    {
        "row": number("As spreadsheets count; of JSON, from 1.", 3, "integer"),
        "errors": {
            "type": "object",
            "description": "The sentences about each field that is wrong.",
            "additionalProperties": listed({"type": "string"}),
        },
    },
)
BATCH_ACCEPTED = shape(
    "BatchAccepted",
    "What became of the rows of a batch.",
    {
        "id": or_null(_ID | {"description": "Of the batch; `null` where it was only checked."}),
        "total": number("The rows that were sent.", 1_000, "integer"),
        "accepted": number("Those of them without problems.", 998, "integer"),
        "problems": listed(ROW_PROBLEM),
    },
)
BATCH = shape(
    "Batch",
    "How far a batch is; each of its contents counts with its current draft.",
    {
        "id": _ID,
        "name": text("", "teapots.csv"),
        "total": number("Its contents.", 998, "integer"),
        "by_status": {
            "type": "object",
            "description": "How many contents have which status.",
            "properties": {status.value: {"type": "integer"} for status in Status},
            "required": [*Status],
        },
        "eta_seconds": or_null(
            number(
                "Until all of it has ended; `null` while it is paused, when it has ended, and "
                "while there is nothing to learn from.",
                1_830.5,
            )
        ),
        "paused": {"type": "boolean", "examples": [False]},
    },
)
_SERIES = {
    "id": _ID,
    "name": text("", "Monday's newsletter"),
    "brief": {
        "type": "object",
        "description": "What is written each time.",
        "properties": {
            "title": text("", "What is new at the garden centre"),
            **part_of(BRIEF),
            **{
                name: or_null(schema)
                for name, schema in part_of(WISHES, "model", "temperature", "seed").items()
            },
            "voice": _CHOSEN_VOICE,
        },
    },
    "rule": text("As cron has it.", "0 7 * * 1"),
    "timezone": text("", "Europe/Berlin"),
    "words": text("The rule as people say it.", "every Monday at 07:00"),
    "paused": {"type": "boolean", "examples": [False]},
    "next": listed(
        moment("", "2026-12-07T06:00:00.000Z"),
        "The next three times for which nothing is made yet; none while it is paused.",
    ),
    "created_at": moment("When it began."),
}
SERIES = shape("Series", "A brief with a rule of recurrence.", _SERIES)
ALL_SERIES = shape("AllSeries", "The series, the newest first.", {"items": listed(SERIES)})
SERIES_WHOLE = shape(
    "SeriesWhole",
    "A series with the contents that it has made last.",
    _SERIES
    | {
        "made": listed(
            shape(
                "Made",
                "A content that a series has made.",
                {
                    "content_id": _ID,
                    "title": text("", "What is new at the garden centre"),
                    "due": moment("For which of its times."),
                    "missed": number(
                        "How many times before it were missed, which it stands for.", 0, "integer"
                    ),
                    "status": STATUS,
                },
            )
        )
    },
)
PROBLEM = shape(
    "Problem",
    "What went wrong, as RFC 9457 has it.",
    {
        "type": text("", "about:blank"),
        "title": text("The status in words.", "Unprocessable Entity"),
        "status": number("", 422, "integer"),
        "detail": text("A sentence for people.", "Not accepted: see errors (tone)."),
        "print": text("With 409 of an export, the page that a browser prints."),
        "problems": listed(ROW_PROBLEM, "Of a batch: what is wrong with which row."),
        "current": number("With 409, the number of the current draft.", 2, "integer"),
        "errors": {
            "type": "object",
            "description": "The sentences about each field, parameter or header that is wrong.",
            "additionalProperties": listed({"type": "string"}),
            "examples": [{"tone": ["Tone is not known: use one of friendly, professional, …."]}],
        },
    },
    optional="print current problems errors",
)
RESULTS = shape(
    "Results",
    "What became of each.",
    {
        "results": listed(
            shape(
                "Result",
                "What became of one.",
                {
                    "id": _ID,
                    "ok": {"type": "boolean", "examples": [True]},
                    "detail": text("Why nothing became of it.", "Nothing of it was on its way."),
                },
                optional="detail",
            )
        )
    },
)
TAG = shape(
    "Tag",
    "A tag, and how much has it.",
    {
        "name": text("", "spring"),
        "contents": number("Contents that have it, without those in the trash.", 12, "integer"),
    },
)
TAGS = shape(
    "Tags",
    "Tags, by name.",
    {
        "items": listed(TAG),
        "next_after": or_null(
            text("Send it as `after` for the next page; `null` on the last.", "spring")
        ),
    },
)
BULK_ACT = shape(
    "BulkAct",
    "One act on all that matched when it was asked for.",
    {
        "id": _ID,
        "do": text("", "trash"),
        "tag": or_null(text("", "spring")),
        "total": number("Contents that matched.", 10_000, "integer"),
        "done": number("Those that have had their turn.", 3_400, "integer"),
        "changed": number("Of them, those that are other than before.", 3_399, "integer"),
        "left": listed(
            shape(
                "Left",
                "Why some were left as they were.",
                {
                    "detail": text("", "Nothing of it was on its way."),
                    "number": number("How many.", 1, "integer"),
                },
            )
        ),
        "undoes": or_null(_ID | {"description": "The act that this one undoes."}),
        "undone_at": or_null(moment("When it was undone.")),
        "created_at": moment("When it was asked for."),
        "finished_at": or_null(moment("When the last had its turn, or it was stopped.")),
    },
)
HISTORY = shape(
    "History",
    "What was done to a content, the last first.",
    {
        "items": listed(
            shape(
                "Line",
                "One act.",
                {
                    "at": moment("When."),
                    "what": {"type": "string", "enum": [*What], "examples": [What.TAGGED]},
                    "door": or_null(
                        {
                            "type": "string",
                            "enum": [*Door, READER],
                            "description": "Where it was asked for; `archive`: where an "
                            "archive came from; `system`: by nobody; `null`: not on record.",
                            "examples": [Door.PAGE],
                        }
                    ),
                    "by": or_null(text("Who has done it, for people.", "you, on a page")),
                    "sentence": text("What was done.", "Tagged “spring”"),
                    "details": {
                        "type": "object",
                        "description": "The values in the sentence; of a version that made room "
                        "also the number of the first `newer` one.",
                        "examples": [{"tags": ["spring"]}],
                    },
                },
            )
        ),
        "next_cursor": or_null(text("Send it as `cursor` for the next page; `null` on the last.")),
    },
)
VIEW = shape(
    "View",
    "Filters of the list that are kept under a name.",
    {
        "id": _ID,
        "name": text("", "Failed posts"),
        "filters": {
            "type": "object",
            "description": "What to send as the list's parameters.",
            "additionalProperties": {"type": "string"},
            "examples": [{"status": "failed", "tag": "spring"}],
        },
        "lost": listed(text(""), "What it was kept with and is gone or unknown, in sentences."),
        "created_at": moment("When it was kept."),
    },
)
VIEWS = shape("Views", "Saved views, by name.", {"items": listed(VIEW)})
EVENTS = text(
    "Server-sent events: `snapshot` first, then `text`, `status`, `readiness`, `batch`, `bulk` "
    "and `content` as they happen, `alive` in between; the data of each is a JSON object.",
    'event: text\ndata: {"draft_id":17,"attempt":1,"offset":4,"text":"is warm."}\n\n',
)
ASKED = shape(
    "Asked",
    "A draft that was asked for.",
    {name: _DRAFT[name] for name in ("id", "number", "origin", "status", "scheduled_for")},
)
ASKED_FOR = shape("AskedFor", "The drafts that were asked for.", {"drafts": listed(ASKED)})
QUALITY = of_class(Card)
QUALITY["properties"]["dismissed"] = number(
    "How many findings are not shown, as they were dismissed.", 0, "integer"
)
QUALITY["required"].append("dismissed")
SENTENCES = shape(
    "Sentences",
    "What a suggestion makes of each sentence of its passage, or of the text.",
    {
        "sentences": listed(
            shape(
                "Sentence",
                "A sentence, or several where it cannot be told which became which.",
                {
                    "number": number("To accept it by.", 1, "integer"),
                    "before": text("Empty where it is new.", "Tea is warm."),
                    "after": text("Empty where it was taken out.", "Hot tea."),
                },
            )
        )
    },
)
DIFF = shape(
    "Diff",
    "What is different in two drafts: the pieces without `insert` join to the first text, those "
    "without `delete` to the second, character for character.",
    {
        "text": listed(of_class(Piece)),
        "brief": {
            "type": "object",
            "description": "Each field of the brief that is another: `from` and `to`.",
            "additionalProperties": {"type": "object", "required": ["from", "to"]},
        },
    },
)
TAKEN_IN = shape(
    "TakenIn",
    "What was new in an archive.",
    {
        name: number("How many were stored.", 3, "integer")
        for name in ("contents", "voices", "templates", "series", "views")
    }
    | {"already_there": number("How many were here, and stay as they are.", 0, "integer")},
)
_SHARE = {
    "id": number("", 3, "integer"),
    "number": number("Of the draft that is read by it.", 2, "integer"),
    "is_open": {"type": "boolean", "examples": [True]},
    "created_at": moment("When it was made."),
    "expires_at": moment("Until when it can be read by."),
    "revoked_at": or_null(moment("When it was revoked.")),
    "reviews": listed(
        shape(
            "Review",
            "What a reader said of this draft.",
            {
                "verdict": {"type": "string", "enum": [*Verdict], "examples": [Verdict.APPROVED]},
                "reason": text("What to change.", "Make it shorter"),
                "name": text("", "Grace"),
                "at": moment(""),
            },
        )
    ),
}
SHARED = shape(
    "Shared",
    "A new link.",
    _SHARE | {"url": text("To be passed on.", "https://texts.example.org/shared/Zk3")},
)
SHARES = shape("Shares", "Links.", {"items": listed(shape("Share", "A link.", _SHARE))})
