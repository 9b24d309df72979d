"""Two pages that edit one text, a rewriting model, reloads and crashes: no character is lost."""

import random
import re
from functools import cached_property
from html import unescape

import pytest
from conftest import BRIEF, NO_QUOTAS, Visitor
from sqlalchemy import select

from smartcontent.contents import ending, submitting, versions
from smartcontent.contents.unsaved import unsaved
from smartcontent.models import Content, Draft, Status, User
from smartcontent.stores.sql import db
from smartcontent.web import versions as web_versions
from smartcontent.web.limiter import Limit

SEEDS = {"some": range(20), "the rest": range(20, 200)}
FOR_EACH = 10  # interleavings a content, which keeps 200 versions
FIELD = re.compile(r'name="(base|seen)" value="([^"]*)"')
TEXT = re.compile(r"<textarea[^>]*>\n(.*?)</textarea>", re.S)
WORD = re.compile(r"w\d+x\d+x")


def words(text: str) -> set[str]:
    """What was typed, each with a name of its own."""
    return set(WORD.findall(text))


class Tab:
    """An editor as a browser has it: its fields, and what it keeps of them over a reload."""

    def __init__(self, post, get, address: str, dice: random.Random) -> None:
        self.post, self.get, self.address, self.dice = post, get, address, dice
        self.leave()

    def leave(self) -> None:
        """What comes is another device, or the same after a crash: all it has is the server's."""
        self.__dict__.pop("fields", None)
        self.is_changed = False

    @cached_property
    def fields(self) -> dict[str, str]:
        """The editor's, opened when it is needed."""
        return self._in(self.get(f"{self.address}/text").text)

    def _in(self, page: str) -> dict[str, str]:
        form = page[page.index("data-autosave") : page.index("</textarea>") + len("</textarea>")]
        text = unescape(TEXT.search(form)[1])
        return dict(FIELD.findall(form)) | {"title": "A teapot", "text": text}

    def reload(self) -> None:
        """What was typed is put back, with what it was typed into, as `kept.js` does."""
        mine = self.__dict__.pop("fields", None)
        if self.is_changed and mine["text"] != self.fields["text"]:
            self.fields = mine

    def type(self, word: str) -> None:
        text = self.fields["text"]
        place = self.dice.choice([0, len(text), text.find(" ") + 1])
        self.fields["text"] = f"{text[:place]}{word} {text[place:]}"
        self.is_changed = True

    def autosave(self) -> None:
        if not self.is_changed:
            return
        stamp = f"{self.dice.getrandbits(128):032x}"
        before = self.fields["seen"]
        self.fields["seen"] = f"{before} {stamp}".strip()
        told = self.post(
            f"{self.address}/text/unsaved", self.fields | {"stamp": stamp, "seen": before}
        )
        if told.status_code == 409:
            self._settle(told.text)
            return
        assert told.status_code in (200, 204)
        if self.dice.random() < 0.8:  # or else the answer gets lost
            self.fields["seen"] = stamp

    def _settle(self, told: str) -> None:
        """All that was typed elsewhere is shown, to be taken over; then one goes on with this."""
        text = self.fields["text"]
        missing = sorted(words(unescape(re.sub("<[^>]+>", "", told))) - words(text))
        self.fields["text"] = " ".join([text, *missing])
        self.fields["seen"] = re.search('data-go-on="([^"]+)"', told)[1]
        self.autosave()

    def save(self) -> None:
        told = self.post(f"{self.address}/text", self.fields)
        if told.status_code == 303:
            return self.leave()
        assert told.status_code == 409
        given_back = self._in(told.text)
        assert given_back["text"] == self.fields["text"]
        self.fields = given_back
        return None


class Play:
    """Acts in an order that its seed decides, with a rewriting model and a reload among them."""

    def __init__(self, content: Content, post, get, seed: int) -> None:
        self.name, self.dice = seed, random.Random(seed)
        self.content, self.post = content, post
        self.address = f"/contents/{content.id}"
        self.tabs = [Tab(post, get, self.address, self.dice) for _ in range(2)]
        self.typed: set[str] = set()

    def acts(self) -> list[str]:
        acts = [
            "type",
            "type",
            "reload",
            "move",
            *self.dice.choices(("type", "autosave", "save", "move"), (4, 4, 1, 1), k=1),
        ]
        self.dice.shuffle(acts)
        asked, taken = sorted(self.dice.choices(range(len(acts) + 1), k=2))
        return [*acts[:asked], "ask", *acts[asked:taken], "accept", *acts[taken:]]

    def act(self, name: str) -> None:
        tab = self.dice.choice(self.tabs)
        if name == "type":
            word = f"w{self.name}x{len(self.typed)}x"
            tab.type(word)
            self.typed.add(word)
        elif name == "move":  # the device is laid aside, with what it keeps as one types
            tab.autosave()
            tab.leave()
        elif name in ("ask", "accept"):
            getattr(self, name)()
        else:
            getattr(tab, name)()

    def ask(self) -> None:
        shown = self.content.current
        end = self.dice.randint(1, len(shown.text.rstrip()))
        asked = {"how": "shorter", "number": shown.number, "start": 0, "end": end}
        assert self.post(f"{self.address}/refine", asked).status_code == 303
        pending = select(Draft).filter_by(content_id=self.content.id, status=Status.PENDING)
        self.suggestion = db.session.scalars(pending).one()
        assert self.suggestion.claim(60)
        rewritten = "Short." + shown.text[end:]
        assert self.suggestion.move(Status.COMPLETED, *Draft.held_by(1), text=rewritten)

    def accept(self) -> None:
        self.post(f"{self.address}/versions/{self.suggestion.number}/accept", {})

    def end(self) -> None:
        """One of them is saved: refused perhaps, and then knowing why."""
        tab = self.dice.choice(self.tabs)
        while tab.is_changed:
            tab.save()

    def lost(self) -> set[str]:
        """What was typed and stands in no version, nor where one would go on."""
        db.session.expire_all()
        kept = unsaved(self.content)
        texts = [tab.fields["text"] for tab in self.tabs if tab.is_changed]
        texts += db.session.scalars(select(Draft.text).filter_by(content_id=self.content.id))
        return self.typed - words(" ".join([*texts, kept.text if kept else ""]))


@pytest.fixture
def settings(settings: dict) -> dict:
    return {**settings, **NO_QUOTAS}


@pytest.fixture
def play(app, ada: User, as_ada: Visitor, monkeypatch):
    monkeypatch.setattr(web_versions, "KEPT", Limit("unsaved", most=10**6, seconds=60))
    token, contents = as_ada.token(), []

    def post(path: str, form: dict):
        return as_ada.client.post(path, data=form | {"csrf_token": token})

    def begin(seed: int) -> Play:
        if seed % FOR_EACH == 0:
            contents.append(submitting.submit(ada.id, BRIEF, "A teapot"))
            ending.cancel(contents[-1].current)
        versions.save_edit(contents[-1], "A teapot", "Tea is warm. ")
        return Play(contents[-1], post, as_ada.client.get, seed)

    return begin


@pytest.mark.parametrize("seeds", SEEDS.values(), ids=SEEDS)
def test_two_pages_a_model_and_a_reload_lose_no_character(play, seeds):
    for seed in seeds:
        interleaving = play(seed)
        for act in interleaving.acts():
            interleaving.act(act)
        interleaving.end()
        assert not interleaving.lost(), f"seed {seed} loses {interleaving.lost()}"
