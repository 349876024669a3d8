"""Other models' files: what they are, where they are kept, and that they are what they should be.

Every model family describes its files beside its loader, as `Weights`; loaders only ever see local paths. Nothing here
is loaded, and nothing is fetched unless `weights.fetching.fetch` is called, which the command line does and the library
never does by itself.

Kept in `$LAYERSR_HOME` or the platform's cache folder: `NAME/` holds the files, `NAME.json` what is known of them
(`records`). What rembg, torch hub and Hugging Face keep already is used where it lies (`caches`).
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from layersr.errors import WeightsError
from layersr.weights import caches, records

HOME = "LAYERSR_HOME"
"""Environment variable that names the folder where weights are kept."""

OFFLINE = "LAYERSR_OFFLINE"
"""Environment variable; anything but "" and "0" forbids the network."""

HEAVY = (".safetensors", ".bin", ".onnx", ".pt", ".pth", ".ckpt")
"""What holds a network; beside it lie small files, of which repositories have more or fewer."""


@dataclass(frozen=True)
class File:
    """One file of a model.

    Attributes:
        path: where it lies in the model's folder, with slashes.
        url: where it is published.
        size: bytes, roughly, to tell before it is fetched; 0 where nobody told.
        sha256: of its content; "" where its publisher tells none, then the first fetch decides.
        optional: the publisher may not have it, and then the model does without.
        md5: likewise of its content, where that is all its publisher tells; looked at when it is fetched.
    """

    path: str
    url: str
    size: int = 0
    sha256: str = ""
    optional: bool = False
    md5: str = ""


@dataclass(frozen=True)
class Weights:
    """The files of one model.

    Attributes:
        name: how it is called on the command line and in the cache: `HOME/NAME/`.
        files: one, then the model's path is the file; or several, then it is their folder.
        licence: of the weights.
        source: paper, authors, page.
        commercial: whether the licence allows commercial use; where not, whoever uses it must accept that once.
        also: places where other programs keep the same: "rembg:u2net.onnx", "torch:big-lama.pt", "hub:ORG/MODEL",
            "hub:ORG/MODEL@REVISION".
    """

    name: str
    files: tuple[File, ...]
    licence: str
    source: str
    commercial: bool = True
    also: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files together, as far as known."""
        return sum(file.size for file in self.files)

    @property
    def url(self) -> str:
        """Where it comes from: the file, or the folder of several."""
        first = self.files[0]
        return first.url if len(self.files) == 1 else first.url.removesuffix(first.path)


@dataclass(frozen=True)
class Place:
    """Where the files of a model lie.

    Attributes:
        path: the file or the folder, as the loader gets it.
        files: what lies there, by `File.path`.
        own: it is our cache, not another program's.
    """

    path: Path
    files: Mapping[str, Path]
    own: bool


def hub(
    name: str,
    repository: str,
    files: dict[str, int],
    *,
    licence: str,
    source: str,
    revision: str = "main",
    commercial: bool = True,
    sha256: dict[str, str] | None = None,
) -> Weights:
    """Weights on the Hugging Face hub. All but `config.json` and the network itself are optional files.

    Args:
        name: see `Weights`.
        repository: "ORG/MODEL".
        files: path in the repository to bytes (0 where not known).
        licence: see `Weights`.
        source: likewise.
        revision: a commit.
        commercial: see `Weights`.
        sha256: of the files, where known.
    """
    base = f"https://huggingface.co/{repository}/resolve/{revision}"
    known = sha256 or {}
    listed = tuple(
        File(path, f"{base}/{path}", size, known.get(path, ""), not path.endswith((*HEAVY, "config.json")))
        for path, size in files.items()
    )
    return Weights(name, listed, licence, source, commercial, (f"hub:{repository}@{revision}",))


def home() -> Path:
    """Where weights are kept: `$LAYERSR_HOME`, or the platform's cache folder."""
    return Path(os.environ.get(HOME) or platformdirs.user_cache_path("layersr"))


def offline() -> bool:
    """Whether the environment forbids the network (`LAYERSR_OFFLINE=1`)."""
    return os.environ.get(OFFLINE, "0") not in ("", "0")


def folder(weights: Weights) -> Path:
    """Where our own cache keeps these weights, whether they are there or not."""
    return home() / weights.name


def record(weights: Weights) -> Path:
    """The file that says what is known of these weights on this machine."""
    return home() / f"{weights.name}.json"


def find(weights: Weights) -> Place | None:
    """Where the weights lie, unchecked: in our own cache, else in another program's; None where nowhere."""
    return next(_places(weights), None)


def _places(weights: Weights) -> Iterator[Place]:
    there = own(weights)
    if all(file.path in there for file in weights.files if not file.optional):
        yield Place(_path(weights, folder(weights)), there, True)
    named = {file.path: file.optional for file in weights.files}
    for also in weights.also:
        for base, found in caches.lying(also, named):
            yield Place(found[weights.files[0].path] if len(named) == 1 else base, found, False)


def own(weights: Weights) -> dict[str, Path]:
    """The files of a model that lie in our own cache, by `File.path`."""
    places = {file.path: folder(weights) / file.path for file in weights.files}
    return {name: place for name, place in places.items() if place.is_file()}


def path(weights: Weights) -> Path:
    """Where the weights are, whole and undamaged: the file, or the folder of files. Nothing is fetched.

    A file is hashed when it is first seen and whenever its size or time changed.

    Raises:
        WeightsError: they are not here, damaged, or their licence was not accepted; the message says the way out.
    """
    place = find(weights)
    if place is None:
        raise WeightsError(way_to_get(weights))
    if not accepted(weights):
        raise WeightsError(way_to_accept(weights))
    for file in damaged(weights, place):
        whose = "" if place.own else ", which another program keeps,"
        raise WeightsError(f"{place.files[file.path]}{whose} is damaged. Run: layersr models fetch {weights.name}")
    return place.path


def damaged(weights: Weights, place: Place, again: bool = False) -> list[File]:
    """The files at a place that are not what they should be.

    Args:
        weights: whose files.
        place: see `find`.
        again: hash them even where size and time are as when they were last hashed.
    """
    return [
        file
        for file in weights.files
        if file.path in place.files and not records.sound(record(weights), place.files[file.path], file.sha256, again)
    ]


def hashes(weights: Weights) -> dict[str, str]:
    """The SHA-256 of each file of a model, by `File.path`; {} where the weights are not here."""
    place = find(weights)
    return {} if place is None else {name: records.known(record(weights), file) for name, file in place.files.items()}


def accepted(weights: Weights) -> bool:
    """Whether these weights may be used: the licence allows everybody to, or somebody here accepted it."""
    return weights.commercial or records.read(record(weights)).accepted == weights.licence


def way_to_get(weights: Weights) -> str:
    """One sentence for weights that are not here: the command to run, or what to place where."""
    names = [file.path for file in weights.files]
    what = f"{weights.url} at {folder(weights) / names[0]}"
    if len(names) > 1:
        what = f"the files of {weights.url} in {folder(weights)}: {', '.join(names)}"
    much = f" ({megabytes(weights.size)})" if weights.size else ""
    command = fetch_command(weights)
    return f"The weights {weights.name}{much} are not on this machine. Run: {command}. Or place {what}."


def way_to_accept(weights: Weights) -> str:
    """One sentence for weights whose licence nobody here accepted."""
    terms = f"{weights.licence}, which does not allow commercial use"
    return f"The weights {weights.name} are under {terms}. To accept that, run: {fetch_command(weights)}"


def fetch_command(weights: Weights) -> str:
    """What to type to have these weights."""
    return f"layersr models fetch {weights.name}{'' if accepted(weights) else ' --accept-licence'}"


def megabytes(size: int) -> str:
    """Bytes for people: "603 MB"."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.{0 if size >= 10 * unit else 1}f} {name}"
    return f"{size} bytes"


def _path(weights: Weights, base: Path) -> Path:
    return base / weights.files[0].path if len(weights.files) == 1 else base
