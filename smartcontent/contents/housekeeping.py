"""What nobody asks for and has to be done: a thread of the scheduler process, beside its clerk."""

import logging
import time
from collections.abc import Iterable

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from smartcontent.contents import emptying, reindexing
from smartcontent.contents.bulk import running
from smartcontent.upkeep.duties import Duty

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
PAUSE_SECONDS = 0.02  # between two steps, in which others write


class Housekeeping(Duty):
    """Makes findable what is not yet, as after an act on many; empties the trash."""

    def __init__(self, app: Flask) -> None:
        super().__init__("scheduler", "housekeeping", self.turn)
        self._app = app

    def turn(self) -> None:
        """Do what there is to do, then rest for a while."""
        try:
            with self._app.app_context():
                self._do("made findable contents", reindexing.catch_up())
                self._do("erased from the trash contents", emptying.empty())
                self._do("forgotten bulk acts", running.forget())
        except SQLAlchemyError as error:
            log.warning("no housekeeping, trying again: %s", error)
        time.sleep(LOOK_SECONDS)

    def _do(self, done: str, steps: Iterable[int]) -> None:
        number = 0
        for step in steps:
            number += step
            self.go_on()
            time.sleep(PAUSE_SECONDS)
        if number:
            log.info("%s=%s", done, number)
