"""More drafts beside the current one, which stays: variants, rewritten, continued, repeated."""

import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Text, cast, literal, select

from smartcontent.briefs.task import Deed, Passage, Task
from smartcontent.briefs.wishes import Wishes
from smartcontent.contents import versions
from smartcontent.contents.keys import KeyUsed
from smartcontent.models import FINAL, UNFINISHED, Content, Draft, Origin, Share, Status, What
from smartcontent.models.moments import due_in
from smartcontent.models.status import UNDONE
from smartcontent.ollama.answer import TEXT_LIMIT
from smartcontent.prompts.request import language_of, may_be_sent, model_for
from smartcontent.stores.sql import db, reading
from smartcontent.texts.by_sentence import Mixed

CANNOT_BE_ACCEPTED = (
    "It cannot be taken over: it is not finished, its passage is not in the text any more, or a "
    "draft is on its way."
)
SEEDS = 2**31
REWRITES_KEPT = 5  # of the same text or passage in the same way
_ORIGINS = {
    Deed.REFINE: Origin.REFINED,
    Deed.CONTINUE: Origin.CONTINUED,
    Deed.REPRODUCE: Origin.GENERATED,
}


class CannotBeMade(Exception):
    """There is nothing it could be made of; the message is for people."""


def wishes_of_variants(content: Content, variants: int | Sequence[Wishes]) -> list[Wishes]:
    """What each of some variants wishes, by their number or by what they are to differ in.

    Of those that are alike one seed after the other, the content's own the first; the others have
    one seed, so that nothing but what was wished makes the difference.
    """
    asked = [{}] * variants if isinstance(variants, int) else [*variants]
    if asked == [{}]:
        return [{}]
    first = content.settings.get("seed", random.randrange(SEEDS))  # noqa: S311
    return [
        {"seed": (first + asked[:place].count(each)) % SEEDS, **each}
        for place, each in enumerate(asked)
    ]


def ask_for_variants(
    content: Content,
    variants: int | Sequence[Wishes],
    delay_seconds: float = 0,
    key: str | None = None,
) -> list[Draft]:
    """Ask for so many more drafts of the brief, or for these, all due at the same time.

    Raises:
        CannotBeMade: one of the brief is on its way.
        KeyUsed: something else was asked for with the key.
        smartcontent.contents.quotas.OverQuota: the user has asked for more than one may.
    """
    asked = [{}] * variants if isinstance(variants, int) else [*variants]
    is_on_its_way = content.current.status in UNFINISHED
    if made := _made_before(content, key, None, asked):  # which may be what is on its way
        return made
    if is_on_its_way:
        raise CannotBeMade("A draft of it is on its way: more can be asked for when it has ended.")
    wanted = [{"wishes": wishes or None} for wishes in wishes_of_variants(content, asked)]
    return _add(content, wanted, delay_seconds, key) or _at_once(content, key, None, asked)


def ask_for(
    content: Content, task: Task, delay_seconds: float = 0, key: str | None = None
) -> list[Draft]:
    """Ask for a draft that is made of another.

    Raises:
        CannotBeMade: that other one has no text it could be made of, or too long a one.
        KeyUsed: something else was asked for with the key.
        smartcontent.contents.quotas.OverQuota: the user has asked for more than one may.
    """
    if made := _made_before(content, key, task):
        return made
    source = _checked(content.version(task.number), task)
    wanted: dict[str, Any] = {
        "origin": _ORIGINS[task.do],
        "task": task.as_json(),
        "wishes": _wishes_like(source, task) or None,
    }
    if task.do is Deed.REPRODUCE:
        wanted["reproduces"] = {
            "number": task.number,
            "identical": None,
            "differs_at": None,
            "same_model": None,
        }
    return _add(content, [wanted], delay_seconds, key) or _at_once(content, key, task)


def another(content: Content, number: int, key: str | None = None) -> list[Draft]:
    """Have the same rewritten in the same way once more; of all such the last few are kept.

    So is what was shared, as somebody may have approved it, and what a text is being made of.

    Raises:
        CannotBeMade: the draft was not rewritten from another, or that is not there any more.
        KeyUsed: something else was asked for with the key.
        smartcontent.contents.quotas.OverQuota: the user has asked for more than one may.
    """
    draft = content.version(number)
    task = Task.read(draft.task) if draft else None
    if task is None or task.do is not Deed.REFINE:
        raise CannotBeMade(f"Version {number} is not a rewritten text.")
    made = ask_for(content, task, key=key)
    db.session.commit()  # of one that is sent again, only looks
    with reading():  # SQLite reads each text on the way to its task: nobody waits for that to write
        surplus = _surplus(content, task, made)
    for old in surplus[: len(made) + 1]:
        versions.remove(content, old)
    return made


def _surplus(content: Content, task: Task, made: Sequence[Draft]) -> list[int]:
    """The numbers of those that need not be kept: without a text first, then the oldest.

    What is not finished yet takes the place of none: it may fail. What was `made` just now stays.
    """
    its = Draft.content_id == content.id
    on_their_way = select(Draft.made).where(its, Draft.status.in_(UNFINISHED))
    in_use = {source["number"] for source in db.session.scalars(on_their_way)}
    # The database compares: each may have a passage.
    is_same = cast(Draft.task, Text) == cast(literal(task.as_json(), JSON), Text)
    shared = (share.draft_id for share in Share.of(content))
    kept = [content.current.id, *shared, *(draft.id for draft in made)]
    may_go = select(Draft.number).where(its, is_same, Draft.status.in_(FINAL), ~Draft.id.in_(kept))
    alike = db.session.scalars(may_go.order_by(Draft.has_text(), Draft.number)).all()
    surplus = alike[: max(0, len(alike) - REWRITES_KEPT)]
    return [number for number in surplus if number not in in_use]


def _wishes_like(source: Draft, task: Task) -> Wishes:
    """What a draft is to have of the one that it repeats or goes on with: who writes, and how."""
    if task.do is Deed.REFINE:
        return {}
    wishes = {n: v for n, v in (source.wishes or {}).items() if n != "seed"}
    is_by_another = source.model and source.model != model_for(source.content, wishes)
    return wishes | ({"model": source.model} if is_by_another else {})


def _checked(source: Draft | None, task: Task) -> Draft:
    if source is None or not source.is_final or not source.text:
        raise CannotBeMade(f"Version {task.number} has no text yet that it could be made of.")
    if len(source.text) > TEXT_LIMIT:  # as only archives bring; all of it would be told, live
        raise CannotBeMade(
            f"Version {task.number} has {len(source.text):,} characters: only of up to "
            f"{TEXT_LIMIT:,} can others be made."
        )
    if task.do is Deed.CONTINUE and not can_be_continued(source):
        raise CannotBeMade(f"Version {task.number} came to its end: there is nothing to continue.")
    if task.do is Deed.REPRODUCE and not source.prompt:
        raise CannotBeMade(f"Version {task.number} was written by hand: nothing can repeat that.")
    if task.do is Deed.CONTINUE and not may_be_sent(source.text):
        raise CannotBeMade(f"Version {task.number} is too long for a model to go on with it.")
    if task.do is Deed.REFINE and task.passage is None and not may_be_sent(source.text):
        raise CannotBeMade(
            f"Version {task.number} is too long for a model to rewrite all of it: mark a passage."
        )
    return source


def can_be_continued(draft: Draft) -> bool:
    """Whether it broke off: stopped, failed, or cut at its longest; with a text to go on from."""
    return bool(draft.text) and (draft.status in UNDONE or draft.done_reason == "length")


def _add(
    content: Content, wanted: Sequence[dict[str, Any]], delay_seconds: float, key: str | None
) -> list[Draft]:
    """Empty where another was asked for at the same moment."""
    due = due_in(delay_seconds)
    asked = [{"due_at": due, **values} for values in wanted]
    asked[0]["idempotency_key"] = key
    return versions.add(content, asked, shown=False)


def _at_once(
    content: Content, key: str | None, task: Task | None, variants: Sequence[Wishes] = ({},)
) -> list[Draft]:
    """What was asked for at the same moment, where that was the same request."""
    if made := _made_before(content, key, task, variants):
        return made
    raise CannotBeMade("Another draft was asked for at the same moment: ask again.")


def _made_before(
    content: Content, key: str | None, task: Task | None, variants: Sequence[Wishes] = ({},)
) -> list[Draft]:
    """What was asked for with the key; empty where nothing was.

    Raises:
        KeyUsed: it was something else.
    """
    known = versions.made_with(content, key)
    if known is None:
        return []
    drafts = beside(content, known)
    origin = _ORIGINS[task.do] if task else Origin.GENERATED
    is_same = known.origin == origin and Task.read(known.task) == task
    if not is_same or not _may_have_been(content, drafts, len(variants)):
        raise KeyUsed
    if task is None and not all(_is_wished(draft, variants) for draft in drafts):
        raise KeyUsed
    return drafts


def _may_have_been(content: Content, drafts: Sequence[Draft], number: int) -> bool:
    """Whether those were so many at first: some may have been deleted since."""
    last = max(content.removed_number or 0, *(draft.number for draft in drafts))
    return len(drafts) <= number <= last - drafts[0].number + 1


def _is_wished(draft: Draft, variants: Sequence[Wishes]) -> bool:
    """Whether a variant is one of those; a seed that nobody wished was chosen for it."""
    own = draft.wishes or {}
    return any(
        {n: v for n, v in own.items() if n != "seed" or n in wishes} == wishes
        for wishes in variants
    )


def number_meant(content: Content, key: str | None) -> int:
    """The number of the draft that a task is about where none is named: the current one.

    Asked once more with its key, the one that was current then.
    """
    known = versions.made_with(content, key)
    task = Task.read(known.task) if known else None
    return task.number if task else content.current_number


def beside(content: Content, draft: Draft) -> list[Draft]:
    """The drafts that were asked for with one: its variants, itself among them."""
    return [each for each in content.versions()[::-1] if each.created_at == draft.created_at]


def rewritten(content: Content, number: int) -> tuple[str, str] | None:
    """The text, or passage, that a suggestion rewrites, and what it makes of it.

    None where it rewrites nothing, or that is not there any more.
    """
    suggestion = content.version(number)
    if suggestion is None or suggestion.status != Status.COMPLETED:
        return None
    passage = _passage_of(content, suggestion)
    return (passage.text, _of_passage(passage, suggestion)) if passage else None


def _passage_of(content: Content, suggestion: Draft) -> Passage | None:
    """What it rewrites: a passage, or a whole text that is still among the versions."""
    task = Task.read(suggestion.task)
    if task is None or task.do is not Deed.REFINE:
        return None
    if task.passage:
        return task.passage
    source = content.version(task.number)
    return Passage.of(source.text, 0, len(source.text)) if source else None


def accept(content: Content, number: int, instead: Mixed | None = None) -> bool:
    """Make a suggestion the current text, wherever its passage is by now; False where it is gone.

    Where the text was changed since, the passage is found by what stood around it, and what comes
    of both is a version of its own: nothing is overwritten. So it is with what stands `instead` of
    the passage where only some of the suggestion is wanted; a translation's language is that of the
    text where most of it is. Accepted once more, as after a lost answer, what stands there already
    is not put there again.
    """
    suggestion = content.version(number)
    if suggestion is None or suggestion.status != Status.COMPLETED:
        return False
    passage, shown = _passage_of(content, suggestion), content.current
    is_all = _is_all(instead, passage, suggestion, shown)
    if is_all and number == shown.number:
        return True
    if is_all and _fits_as_it_is(suggestion, shown):
        return versions.make_current(content, number, What.ACCEPTED)
    if passage is None:
        return False
    if instead is None:
        new = _of_passage(passage, suggestion)
    else:  # the blanks around the passage stay
        new = passage.text.replace(passage.text.strip(), instead.text, 1)
    place = passage.place_in(shown.text)
    if _stands_there(new, passage, place, shown.text):
        return True
    if place is None:
        return False
    text = shown.text[:place] + new + shown.text[place + len(passage.text) :]
    edit = (content, content.title, text, None, shown.number)
    is_of_whole = suggestion.made["passage_end"] is None
    is_mostly_new = is_of_whole and (instead is None or instead.is_mostly_new)
    language = language_of(suggestion) if is_mostly_new else None
    return versions.save_edit(*edit, accepted=suggestion, language=language) is not None


def can_be_used(suggestion: Draft, shown: Draft) -> bool:
    """Whether to accept it makes another text of the one that is shown."""
    if suggestion.status != Status.COMPLETED or suggestion.number == shown.number:
        return False
    task = Task.read(suggestion.task)
    if task is None or task.passage is None or _fits_as_it_is(suggestion, shown):
        return True
    place = task.passage.place_in(shown.text)
    if place is None:
        return False
    new = _of_passage(task.passage, suggestion)
    return not _stands_there(new, task.passage, place, shown.text)


def _fits_as_it_is(suggestion: Draft, shown: Draft) -> bool:
    """Whether it was made of the text that is shown, or of no part of another."""
    task = Task.read(suggestion.task)
    return task is None or task.passage is None or task.number == shown.number


def _is_all(
    instead: Mixed | None, passage: Passage | None, suggestion: Draft, shown: Draft
) -> bool:
    """Whether all of it is wanted: as it is, or each sentence, in the very text it was made of.

    Then what comes of that is the suggestion itself, but for blanks.
    """
    if instead is None:
        return True
    if passage is None:
        return False
    is_of_it = shown.number in (suggestion.number, suggestion.made["number"])
    return is_of_it and instead.text.split() == _of_passage(passage, suggestion).split()


def _stands_there(new: str, passage: Passage, place: int | None, text: str) -> bool:
    """Whether what was made of a passage stands in its place: by what stood around the passage, or
    as that is found within, where it goes on, and has done so."""
    around = passage.before + new + passage.after
    stood = passage.before + passage.text + passage.after
    is_told_apart = around not in stood or stood not in text
    if is_told_apart and len(around) > len(new) and around in text:
        return True
    if place is None:
        return False
    start = place - max(0, new.find(passage.text))
    return passage.text in new and start >= 0 and text.startswith(new, start)


def _of_passage(passage: Passage, suggestion: Draft) -> str:
    return suggestion.text[passage.start : len(suggestion.text) - passage.rest]
