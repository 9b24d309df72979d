"""What the terminal of `make run` shows of its parts."""

from io import BytesIO, TextIOWrapper

from smartcontent.local.log import Log


def test_terminal_that_knows_few_characters_shows_every_line():
    terminal = TextIOWrapper(BytesIO(), encoding="ascii")

    Log(terminal).copy("web", BytesIO("Größe\nnext\n".encode()))

    shown = terminal.buffer.getvalue().decode().splitlines()
    assert [line.split("| ")[1] for line in shown] == ["Gr??e", "next"]
