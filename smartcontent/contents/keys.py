"""Keys, each of which makes a request one however often it is sent."""


class KeyUsed(Exception):
    """The key came with something else before; the message is for people."""

    def __init__(self) -> None:
        super().__init__("The key was used for another body: take a new key for something new.")
