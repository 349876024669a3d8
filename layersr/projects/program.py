"""Which program made a result: another version, or other code of the same version, may say otherwise."""

import hashlib
from functools import cache
from pathlib import Path

import layersr

VERSION = layersr.__version__

HOME = Path(layersr.__file__).resolve().parent


@cache
def digest() -> str:
    """What identifies this program: its version, all its code, and the networks that come with it."""
    found = hashlib.blake2b(VERSION.encode(), digest_size=20)
    for path in sorted(HOME.rglob("*.py")):
        found.update(f"{path.relative_to(HOME).as_posix()}\n".encode() + path.read_bytes())
    found.update(repr(sorted(networks().items())).encode())
    return found.hexdigest()


@cache
def networks() -> dict[str, str]:
    """The SHA-256 of every network that comes with it, by file name."""
    files = sorted((HOME / "models").glob("*.onnx"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
