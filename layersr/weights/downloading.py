"""One file from the network to the disk, going on where it was cut off."""

import hashlib
import http.client
import shutil
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import layersr
from layersr.errors import OutputError, WeightsError
from layersr.progress import Progress, Report
from layersr.weights import megabytes
from layersr.weights.caches import SHA256

TRIES = 5
"""How often a connection that breaks is made again, one after the other, before the person is asked to."""

PAUSE = 1.0
"""Seconds before the second try; then twice as long, and so on."""

WAIT = 30.0
"""Seconds without a byte after which a connection is given up."""

CHUNK = 1 << 20


class Cut(ConnectionError):
    """The connection ended before the file did."""


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, never from https to http, and remembers the hash that Hugging Face tells with one."""

    sha256 = ""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """See the base class."""
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise urllib.error.URLError(f"it leads from https to {newurl}")
        tag = headers.get("X-Linked-ETag", "").strip('"')
        self.sha256 = tag if SHA256.fullmatch(tag) else self.sha256
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(url: str, part: Path, report: Report) -> str | None:
    """Fill `part` with what is at a URL, as far as it is not there yet.

    A file that changed since is fetched anew: the server is asked for the rest of the one that was begun.

    Args:
        url: http or https; proxies as the environment says.
        part: the file; beside it `.tag` keeps what identifies it on the server.
        report: hears how far it is.

    Returns:
        The SHA-256 that the server tells, or ""; None where it has no such file.

    Raises:
        WeightsError: the network or the server fails; `part` is kept for the next call.
        OutputError: the disk has no room for it.
        OSError: it cannot be written.
    """
    failed, tries = "", 0
    while tries < TRIES:
        before = _size(part)
        try:
            return _go_on(url, part, report)
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            failed = f"HTTP {error.code} {error.reason}"
            if error.code < 500 and error.code not in (408, 429):
                break
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            failed = str(getattr(error, "reason", "") or error) or type(error).__name__
        tries = 1 if _size(part) > before else tries + 1
        if tries < TRIES:
            time.sleep(PAUSE * 2 ** (tries - 1))
    kept = f" {megabytes(_size(part))} are here; the next try goes on from there." if _size(part) else ""
    way = f"Or get it by other means and place it at {part.with_suffix('')}."
    raise WeightsError(f"{url} cannot be fetched ({failed}).{kept} {way}")


def _go_on(url: str, part: Path, report: Report) -> str:
    """One connection; returns when the file is whole."""
    tag_file, had = part.with_name(f"{part.name}.tag"), _size(part)
    tag = tag_file.read_text(encoding="utf-8") if had and tag_file.is_file() else ""
    headers = {"User-Agent": f"layersr/{layersr.__version__}", "Accept-Encoding": "identity"}
    if tag:
        headers |= {"Range": f"bytes={had}-", "If-Range": tag}
    redirects = Redirects()
    opener = urllib.request.build_opener(redirects)
    try:
        answer = opener.open(urllib.request.Request(url, headers=headers), timeout=WAIT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and error.headers.get("Content-Range", "").endswith(f"*/{had}"):
            tag_file.unlink(missing_ok=True)
            return redirects.sha256  # it was whole already
        if error.code != 416:
            raise
        part.unlink()  # what is here is longer than the file: begun from another one
        return _go_on(url, part, report)
    with answer:
        if answer.status != 206 or not answer.headers.get("Content-Range", "").startswith(f"bytes {had}-"):
            had = 0
        length = answer.headers.get("Content-Length")
        total = None if length is None else had + int(length)
        _room(part, 0 if total is None else total - had)
        with part.open("ab" if had else "wb") as out:
            tag_file.write_text(_tag(answer.headers), encoding="utf-8")  # never beside what is left of another file
            size = _copy(answer, out, had, total, report)
    if total is not None and size < total:
        raise Cut(f"the connection broke after {megabytes(size)} of {megabytes(total)}")
    with suppress(OSError):
        tag_file.unlink()
    return redirects.sha256


def _copy(answer: http.client.HTTPResponse, out: IO[bytes], had: int, total: int | None, report: Report) -> int:
    size = had
    while chunk := _read(answer):
        out.write(chunk)
        size += len(chunk)
        of = f" of {megabytes(total)}" if total else ""
        report(Progress("fetch", min(1.0, size / total) if total else 0.0, f"{megabytes(size)}{of}"))
    return size


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(CHUNK)
    except OSError as error:  # the network's, not the disk's
        raise Cut(str(error) or type(error).__name__) from error


def _tag(headers: Any) -> str:
    """What a server recognises this very file by; weak tags do not do for parts of it."""
    tag = headers.get("ETag", "")
    return headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag


def _room(part: Path, more: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if more > free:
        raise OutputError(
            f"The disk of {part.parent} has room for {megabytes(free)}, and {megabytes(more)} are to come. "
            "Free some, or name another folder: LAYERSR_HOME=FOLDER"
        )


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def md5_of(place: Path) -> str:
    """The MD5 of a file's content, in hex."""
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
