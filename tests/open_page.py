"""An open page as the tests have it: a connection whose events are collected."""

import json
import threading

import requests
from conftest import wait_until
from patience import PATIENCE
from processes import Browser


class Page:
    """An open page: collects the events of its stream."""

    def __init__(self, browser: Browser) -> None:
        self.events: list[tuple[str, dict]] = []
        self.ended = False
        self.answer = browser.session.get(f"{browser.url}/events", stream=True, timeout=PATIENCE)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        name = ""
        try:
            for line in self.answer.iter_lines(chunk_size=1):
                if line.startswith(b"event: "):
                    name = line[7:].decode()
                elif line.startswith(b"data: "):
                    self.events.append((name, json.loads(line[6:])))
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, AttributeError):
            pass
        self.ended = True

    def of(self, name: str) -> list[dict]:
        return [data for kind, data in self.events if kind == name]

    def wait(self, name: str, number: int = 1) -> list[dict]:
        wait_until(lambda: len(self.of(name)) >= number)
        return self.of(name)

    def close(self) -> None:
        self.answer.raw.shutdown()  # close() would wait for what the reader waits for
        self.answer.close()
