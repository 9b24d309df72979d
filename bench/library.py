"""How long pages and calls take with many contents of one user, on SQLite and PostgreSQL.

    make bench-library
    make bench-library ARGS="--sizes 1000 10000 --databases sqlite"

Prints the median and the 95th percentile of each, in milliseconds of the clock, draws them, and
ends with 1 where a 95th percentile is above its aim. Requests are made in the process, one by one.
What is above its aim is asked again, for others on the machine only ever add to it.
"""

import argparse
import gc
import itertools
import logging
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID, uuid4

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import (  # noqa: E402
    NO_QUOTAS,
    SECRET,
    Valkey,
    Visitor,
    make_user,
    started_postgresql,
    upgrade,
)
from flask import Flask  # noqa: E402
from sqlalchemy import insert, select, text  # noqa: E402
from werkzeug.test import TestResponse  # noqa: E402

from smartcontent.app import create_app  # noqa: E402
from smartcontent.models import ApiToken, Content, Draft, Tag, User  # noqa: E402
from smartcontent.models.search_index import Entry, Words, findables, store  # noqa: E402
from smartcontent.models.tag import content_tags  # noqa: E402
from smartcontent.stores.sql import db  # noqa: E402

SIZES = (1_000, 10_000, 100_000)
DATABASES = ("sqlite", "postgresql")
ROUNDS = 20
TRIES = 3
AT_ONCE = 1_000
WORDS = 300
AIM, AIMS = 50.0, {"search": 100.0, "submit": 25.0}
# Most are completed; of each of the others there are some, of the first very few and long ago.
STATUSES = {
    "held": 0.0001,
    "generating": 0.0005,
    "failed": 0.02,
    "cancelled": 0.05,
    "pending": 0.01,
}
BRIEF = {"content_type": "ad_copy", "topic": "A teapot of blue glass"}
COMMON_VOICE, RARE_VOICE = UUID(int=1), UUID(int=2)
VOICE = {"name": "Ours", "description": "", "always": [], "never": [], "prefer": [], "samples": []}
RARE_PHRASE = "seldom beside"  # each of the words is in every second text


class Vocabulary:
    """Words as often as in a language: the first in nearly every text, the last in hardly one."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = sorted(
            {
                "".join(self._random.choices(letters, k=self._random.randint(2, 10)))
                for _ in range(20_000)
            }
        )
        self._random.shuffle(self.words)
        self._weights = list(
            itertools.accumulate(1 / place for place, _ in enumerate(self.words, 1))
        )

    def text(self, number: int) -> str:
        return " ".join(self._random.choices(self.words, cum_weights=self._weights, k=number))

    def status(self) -> str:
        at = self._random.random()
        for status, share in STATUSES.items():
            if (at := at - share) < 0:
                return status
        return "completed"


def fill(user: User, number: int, words: Vocabulary) -> None:
    """Give a user so many contents of 300 words, each with its draft."""
    tags = [Tag(user_id=user.id, name=name, sought=name) for name in ("common", "rare")]
    db.session.add_all(tags)
    db.session.commit()
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for first in range(0, number, AT_ONCE):
        rows = range(first, min(first + AT_ONCE, number))
        _insert(
            user.id,
            [tag.id for tag in tags],
            [(began + timedelta(minutes=n), n) for n in rows],
            words,
        )
    _settle()


def _settle() -> None:
    """What happens by the way while a library grows, and would now run beside what is measured."""
    is_postgresql = db.engine.dialect.name == "postgresql"
    with closing(db.engine.raw_connection()) as connection:
        connection.cursor().execute("VACUUM ANALYZE" if is_postgresql else "ANALYZE")
    gc.collect()
    gc.freeze()  # as gunicorn.conf.py does once the product is loaded


def _insert(user_id: int, tags: list[int], rows: list, words: Vocabulary) -> None:
    contents, drafts, found, tagged = [], [], {}, []
    for at, number in rows:
        content_id, topic, written = uuid4(), words.text(20), words.text(WORDS - 2)
        written += " beside seldom" if number % 2 else " "
        written += " seldom beside" if number % 10_000 == 101 else ""
        voice = COMMON_VOICE if number % 4 == 0 else RARE_VOICE if number % 500 == 3 else None
        contents.append(
            {"id": content_id, "user_id": user_id, "title": f"Title {topic[:40]}", "topic": topic,
             "content_type": "ad_copy" if number % 7 else "press_release", "tone": "warm",
             "length": "short", "language": "en", "created_at": at, "favourite": number % 97 == 0,
             "_voice": voice and VOICE | {"id": str(voice)},
             "deleted_at": at if number % 50 == 0 else None}
        )  # fmt: skip
        status = words.status()
        is_final = status in ("completed", "failed", "cancelled")
        drafts.append(
            {"content_id": content_id, "user_id": user_id, "number": 1, "status": status,
             "created_at": at, "due_at": at + timedelta(days=300), "words": WORDS,
             "model": _model(number), "started_at": at, "first_word_at": at,
             "finished_at": at if is_final else None,
             "prompt": [{"role": "user", "content": topic * 4}],
             "text": written if is_final else ""}
        )  # fmt: skip
        found[content_id] = Words(f"title {topic[:40]}", topic, written)
        kept_by = tags[:1] if number % 2 else tags[1:] if number % 500 == 0 else []
        tagged += [{"content_id": content_id, "tag_id": tag} for tag in kept_by]
    db.session.execute(insert(Content), contents)
    db.session.execute(insert(Draft), drafts)
    db.session.execute(insert(content_tags), tagged)
    places = select(findables.c.content_id, findables.c.place)
    known = db.session.execute(places.where(findables.c.content_id.in_(found)))
    store([Entry(place, user_id, found[content_id]) for content_id, place in known])
    db.session.commit()


def _model(number: int) -> str:
    return "rare" if number % 500 == 7 else "qwen3" if number % 3 else "llama3.2"


def questions(app: Flask, user: User, words: Vocabulary) -> dict[str, Callable[[], object]]:
    """What is asked, by name; the name's first word says which aim it has."""
    visitor, api = Visitor(app), app.test_client()
    visitor.sign_in(user)
    _, secret = ApiToken.issue(user, "bench")
    headers = {"Authorization": f"Bearer {secret}"}
    ids = db.session.scalars(Content.owned_by(user.id).with_only_columns(Content.id).limit(ROUNDS))
    some = itertools.cycle(list(ids))
    pending = api.post("/api/v1/contents", json=BRIEF, headers=headers).json["id"]
    common, rare = words.words[0], words.words[-50]
    old = words.words[3]

    def call(path: str) -> Callable[[], object]:
        return lambda: _checked(api.get(f"/api/v1{path}", headers=headers))

    listed = {
        "list": "", "list by title": "sort=title", "list oldest": "sort=oldest",
        **{f"list {status}": f"status={status}" for status in (*STATUSES, "queued", "completed")},
        "list a type": "content_type=press_release",
        "list no such type": "content_type=email_newsletter",
        "list common tag": "tag=common", "list rare tag": "tag=rare",
        "list favourites": "favourite=1", "list trash": "trash=1",
        "search common": f"q={common}", "search rare": f"q={rare}", "search absent": "q=zzzzabsent",
        "search two words": f"q={common}+{old}", "search beginning": f"q={common[:2]}",
        "list common voice": f"voice={COMMON_VOICE}", "list rare voice": f"voice={RARE_VOICE}",
        "list voice by title": f"voice={COMMON_VOICE}&sort=title",
        "list common model": "model=llama3.2", "list rare model": "model=rare",
        "list two filters": "content_type=press_release&model=llama3.2",
        # Many have each, and nothing has both.
        "list two apart": f"tag=common&voice={COMMON_VOICE}",
        "search two filters": f"q={common}&content_type=press_release&model=llama3.2",
        "search two apart": f"q={common}&tag=common&voice={COMMON_VOICE}",
        "search few by filter": f"q={common}&voice={RARE_VOICE}&model=llama3.2",
        "search by title": f"q={common}&sort=title&voice={COMMON_VOICE}",
        "search phrase": f'q="{common}+{old}"', "search rare phrase": f'q="{RARE_PHRASE}"',
        "search relevance": f"q={old}&sort=relevance",
        "search six by relevance": f"q={'+'.join(words.words[:6])}&sort=relevance",
    }  # fmt: skip
    return {
        **{name: call(f"/contents?{asked}") for name, asked in listed.items()},
        "dashboard": lambda: _checked(visitor.get("/")),
        "search on the page": lambda: _checked(visitor.get(f"/list?q={common}")),
        "search phrase, page": lambda: _checked(visitor.get(f'/list?q="{common}+{old}"')),
        "search filters, page": lambda: _checked(
            visitor.get(f"/list?q={common}&tag=common&voice={COMMON_VOICE}")
        ),
        "list filters, page": lambda: _checked(
            visitor.get(f"/list?tag=common&voice={COMMON_VOICE}&sort=title")
        ),
        "content page": lambda: _checked(visitor.get(f"/contents/{next(some)}")),
        "trash page": lambda: _checked(visitor.get("/trash")),
        "status": call(f"/contents/{pending}/status"),
        "submit": lambda: _checked(api.post("/api/v1/contents", json=BRIEF, headers=headers)),
    }


def _checked(answer: TestResponse) -> None:
    assert answer.status_code < 300, (answer.status_code, answer.text[:300])


def measured(asked: Callable[[], object]) -> tuple[float, float]:
    """The median and the 95th percentile, in milliseconds."""
    asked()
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        asked()
        took.append((time.perf_counter() - began) * 1000)
    return median(took), quantiles(took, n=20)[-1]


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """An empty, migrated database."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'bench.db'}"
        upgrade(url, folder)
        yield url
        return
    of_server = tempfile.mkdtemp(prefix="smartcontent-postgresql-")  # the server drops root
    server = started_postgresql(of_server)
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        upgrade(url, folder)
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(of_server, ignore_errors=True)


def measure(kind: str, size: int) -> bool:
    """Print what all questions take; whether all reach their aims."""
    with tempfile.TemporaryDirectory() as name, database(kind, Path(name)) as url:
        valkey = Valkey(Path(name))
        settings = {"DATABASE_URL": url, "REDIS_URL": valkey.url, "OLLAMA_HOST": "127.0.0.1:1",
                    "SECRET_KEY": SECRET, "SMARTCONTENT_HOME": name, **NO_QUOTAS}  # fmt: skip
        app = create_app(**settings)
        try:
            with app.app_context():
                user, words = (
                    make_user("ada@example.org", is_admin=True, is_founder=True),
                    Vocabulary(),
                )
                fill(user, size, words)
                print(f"\n{kind}, {size:,} contents of {WORDS} words, {_bytes(kind)}")
                asked = questions(app, user, words)
                db.session.commit()
                reached = [_told(name, question) for name, question in asked.items()]
                db.session.remove()
                db.engine.dispose()
        finally:
            valkey.kill()
    return all(reached)


def _bytes(kind: str) -> str:
    queries = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        "postgresql": "SELECT pg_database_size(current_database())",
    }
    contents = db.session.execute(text("SELECT count(*) FROM contents")).scalar_one()
    return f"{db.session.execute(text(queries[kind])).scalar_one() / contents / 1000:.1f} KB each"


def _told(name: str, asked: Callable[[], object]) -> bool:
    aim = AIMS.get(name.split()[0], AIM)
    half, most = measured(asked)
    for _ in range(TRIES - 1):
        if most > aim:
            half, most = min((half, most), measured(asked), key=itemgetter(1))
    bar = "█" * round(min(most, 2 * aim) / aim * 20)
    missed = f"  ABOVE {aim:.0f}" if most > aim else ""
    print(f"{name:22} p50 {half:7.1f}  p95 {most:7.1f}  {bar}{missed}", flush=True)
    return most <= aim


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    asked.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    options = asked.parse_args()
    logging.disable()
    pairs = itertools.product(options.databases, options.sizes)
    sys.exit(not all([measure(kind, size) for kind, size in pairs]))


if __name__ == "__main__":
    main()
