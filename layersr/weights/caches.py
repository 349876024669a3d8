"""Where other programs keep weights: rembg, torch hub and Hugging Face, each by its own rules.

Nothing is ever written there.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

COMMIT = re.compile(r"[0-9a-f]{40}")

SHA256 = re.compile(r"[0-9a-f]{64}")


def lying(also: str, files: Mapping[str, bool]) -> Iterator[tuple[Path, dict[str, Path]]]:
    """Folders where another program keeps all the files of a model.

    Args:
        also: "rembg:FILE" or "torch:FILE", for a model of one file; "hub:ORG/MODEL" or "hub:ORG/MODEL@REVISION".
        files: paths in the model's folder, and whether the publisher may not have it.

    Yields:
        The folder, and where in it each file is.
    """
    kind, _, name = also.partition(":")
    if kind == "hub":
        yield from _in_hub(name, files)
        return
    bases = {"rembg": _rembg, "torch": _torch}[kind](name)
    for base in bases if len(files) == 1 else ():
        if (base / name).is_file():
            yield base, dict.fromkeys(files, base / name)


def published_sha256(place: Path) -> str:
    """The SHA-256 that a Hugging Face cache names a large file by; "" for any other file."""
    name = place.resolve().name
    return name if place.is_symlink() and SHA256.fullmatch(name) else ""


def _rembg(name: str) -> Iterator[Path]:
    """New versions of rembg keep a folder a model, old ones none."""
    homes = [*_named("U2NET_HOME"), *_named("REMBG_HOME"), *_named("XDG_DATA_HOME", "rembg")]
    for base in (*homes, Path.home() / ".rembg", Path.home() / ".u2net"):
        yield from (base / "models" / Path(name).stem, base)


def _torch(name: str) -> Iterator[Path]:
    homes = [*_named("TORCH_HOME"), *_named("XDG_CACHE_HOME", "torch"), Path.home() / ".cache" / "torch"]
    yield from (base / "hub" / "checkpoints" for base in homes)


def _in_hub(name: str, files: Mapping[str, bool]) -> Iterator[tuple[Path, dict[str, Path]]]:
    repository, _, revision = name.partition("@")
    homes = [*_named("HF_HUB_CACHE"), *_named("HF_HOME", "hub"), *_named("XDG_CACHE_HOME", "huggingface", "hub")]
    for home in (*homes, Path.home() / ".cache" / "huggingface" / "hub"):
        base = home / f"models--{repository.replace('/', '--')}"
        commit = _commit(base, revision or "main")
        if not commit:
            continue
        snapshot, lacking = base / "snapshots" / commit, base / ".no_exist" / commit
        there = {file: snapshot / file for file in files if (snapshot / file).is_file()}
        if all(file in there or (optional and (lacking / file).exists()) for file, optional in files.items()):
            yield snapshot, there


def _commit(base: Path, revision: str) -> str:
    """The commit that a branch stood at when it was last fetched."""
    if COMMIT.fullmatch(revision):
        return revision
    try:
        return (base / "refs" / revision).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _named(variable: str, *below: str) -> list[Path]:
    """The folder an environment variable names, or none."""
    value = os.environ.get(variable)
    return [Path(value).expanduser().joinpath(*below)] if value else []
