"""Ctrl-C and SIGTERM, so that none is lost: compiled code that is just being loaded can swallow the first."""

import signal

_told = False


def listen() -> None:
    """From now on both raise `KeyboardInterrupt`, and are remembered."""
    global _told
    _told = False
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def check() -> None:
    """Raise `KeyboardInterrupt` where one was told of and has not got through."""
    if _told:
        raise KeyboardInterrupt


def _interrupt(number: int, frame: object) -> None:
    global _told
    _told = True
    raise KeyboardInterrupt
