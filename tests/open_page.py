"""An open page as the tests have it: a connection whose events are collected."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self

import requests
from patience import PATIENCE, wait_until
from processes import Browser


class Page:
    """An open page: collects the events of its stream, and the lines that are none (": …")."""

    def __init__(self, browser: Browser) -> None:
        self.events: list[tuple[str, dict]] = []
        self.comments: list[bytes] = []
        self.answer = browser.session.get(f"{browser.url}/events", stream=True, timeout=PATIENCE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        name = ""
        try:
            for line in self.answer.iter_lines(chunk_size=1):
                if line.startswith(b"event: "):
                    name = line[7:].decode()
                elif line.startswith(b"data: "):
                    self.events.append((name, json.loads(line[6:])))
                elif line.startswith(b": "):
                    self.comments.append(line)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, AttributeError):
            pass

    @property
    def ended(self) -> bool:
        return not self._reader.is_alive()

    def opened(self) -> Self:
        self.wait("snapshot")
        return self

    def of(self, name: str) -> list[dict]:
        return [data for kind, data in self.events if kind == name]

    def wait(self, name: str, number: int = 1) -> list[dict]:
        wait_until(lambda: len(self.of(name)) >= number)
        return self.of(name)

    def close(self) -> None:
        # close() would wait for what the reader waits for; whose answer may be over by itself.
        with suppress(ValueError, RuntimeError, OSError):
            self.answer.raw.shutdown()
        self._reader.join()
        self.answer.close()


@contextmanager
def pages() -> Iterator[Callable[[Browser], Page]]:
    """Opens pages, which are closed in the end."""
    opened: list[Page] = []

    def open_page(browser: Browser) -> Page:
        opened.append(Page(browser))
        return opened[-1]

    yield open_page
    for page in opened:
        page.close()


def is_heard(valkey, user) -> bool:
    """Whether the web process has subscribed to what happens to the user's contents."""
    return bool(valkey.client.pubsub_channels(f"smartcontent:*:user:{user.id}"))
