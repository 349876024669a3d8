"""A small publisher of weights: a web server that goes on where a client was cut off, and can be told to misbehave."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Publisher:
    """What is published, and how badly.

    Attributes:
        files: content by path.
        cut: how many bytes are sent of an answer before the connection ends; None for all. One answer takes one.
        redirects: path to (another, headers).
        tags: whether files are tagged, so that a client can ask for the rest of the same.
        asked: method, path and range of every request.
        slow: is waited for before each answer.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut: list[int | None] = []
        self.redirects: dict[str, tuple[str, dict[str, str]]] = {}
        self.fails: dict[str, int] = {}
        self.tags = True
        self.asked: list[tuple[str, str]] = []
        self.slow: threading.Event | None = None
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "")
        self.asked.append((handler.path, asked))
        if self.slow:
            self.slow.wait(20)
        if handler.path in self.redirects:
            place, headers = self.redirects[handler.path]
            return self._say(handler, 302, {"Location": place, **headers})
        if handler.path not in self.files:
            return self._say(handler, self.fails.get(handler.path, 404), {})
        data = self.files[handler.path]
        tag = f'"{hashlib.md5(data).hexdigest()}"'
        headers = {"ETag": tag} if self.tags else {}
        start, code = 0, 200
        if asked and handler.headers.get("If-Range") == tag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(data):
                return self._say(handler, 416, {"Content-Range": f"bytes */{len(data)}"})
            code, headers["Content-Range"] = 206, f"bytes {start}-{len(data) - 1}/{len(data)}"
        cut = self.cut.pop(0) if self.cut else None
        self._say(handler, code, {**headers, "Content-Length": str(len(data) - start)}, data[start:][:cut])
        handler.close_connection = True

    @staticmethod
    def _say(handler: BaseHTTPRequestHandler, code: int, headers: dict[str, str], data: bytes = b"") -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)


@contextmanager
def publishing() -> Iterator[Publisher]:
    """A publisher at `url`, in a thread."""
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.answer(self)

        def log_message(self, *args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    publisher.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
