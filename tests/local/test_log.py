"""What the terminal of `make run` shows of its parts."""

from errno import ENOSPC, EPIPE
from io import BytesIO, StringIO, TextIOWrapper

import pytest

from smartcontent.local.log import Log


@pytest.mark.parametrize(("error", "is_lost"), [(ENOSPC, False), (EPIPE, True)])
def test_full_disk_stops_nothing_and_a_reader_who_has_gone_all(error, is_lost):
    class Full(StringIO):
        def write(self, text: str) -> int:
            raise OSError(error, "no")

    log, lost = Log(Full()), []
    log.lost = lambda: lost.append(True)

    log.say("Ready")

    assert bool(lost) == is_lost


def test_terminal_that_knows_few_characters_shows_every_line():
    terminal = TextIOWrapper(BytesIO(), encoding="ascii")

    Log(terminal).copy("web", BytesIO("Größe\nnext\n".encode()))

    shown = terminal.buffer.getvalue().decode().splitlines()
    assert [line.split("| ")[1] for line in shown] == ["Gr??e", "next"]
