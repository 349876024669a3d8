"""Screens in memory for applications that want one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

_NUMBERS = count()


@contextmanager
def screen(size: str = "1280x1024x24") -> Iterator[str]:
    """A screen of its own, as `DISPLAY` names it, until the block ends.

    Its number is told by the process: where the server looks for a free one by itself, a server that ends takes the
    socket of one away that begins at the same moment with the same number.
    """
    number = 100 + (64 * os.getpid() + next(_NUMBERS)) % 59_000
    told, tell = os.pipe()
    options = ["-displayfd", str(tell), "-screen", "0", size, "-nolisten", "tcp", "-ac", "-noreset"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(["Xvfb", f":{number}", *options], pass_fds=[tell], **quiet)
    os.close(tell)
    try:
        with os.fdopen(told) as ready:
            if int(ready.readline() or -1) != number:
                raise RuntimeError(f"Xvfb :{number} did not start ({server.wait(10)})")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(20)
