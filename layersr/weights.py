"""Other models' files: what they are, where they are kept, and that they are what they should be.

Every model family describes its files beside its loader, as `Weights`; loaders only ever see local paths. Nothing here
is loaded, and nothing is fetched unless `fetch` is called.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from layersr.errors import WeightsError

HOME = "LAYERSR_HOME"
"""Environment variable that names the folder where weights are kept."""


@dataclass(frozen=True)
class File:
    """One file of a model.

    Attributes:
        path: where it lies in the model's folder, with slashes.
        url: where it is published.
        size: bytes, 0 where nobody told.
        sha256: of its content; "" where its publisher tells none, then the first fetch decides.
    """

    path: str
    url: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Weights:
    """The files of one model.

    Attributes:
        name: how it is called on the command line and in the cache: `HOME/NAME/`.
        files: one, then the model's path is the file; or several, then it is their folder.
        licence: of the weights.
        source: paper, authors, page.
        commercial: whether the licence allows commercial use; where not, whoever fetches must accept it.
        also: places where other programs keep the same: "rembg:u2net.onnx", "torch:big-lama.pt", "hub:ORG/MODEL".
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
    """Weights on the Hugging Face hub.

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
    listed = tuple(File(path, f"{base}/{path}", size, (sha256 or {}).get(path, "")) for path, size in files.items())
    return Weights(name, listed, licence, source, commercial, (f"hub:{repository}",))


def home() -> Path:
    """Where weights are kept: `$LAYERSR_HOME`, or the platform's cache folder."""
    return Path(os.environ.get(HOME) or platformdirs.user_cache_path("layersr"))


def path(weights: Weights) -> Path:
    """Where the weights are, whole and undamaged: the file, or the folder of files. Nothing is fetched.

    Raises:
        WeightsError: they are not here, or damaged; the message says how to get them.
    """
    folder = home() / weights.name
    for file in weights.files:
        place = folder / file.path
        if not place.is_file():
            raise WeightsError(
                f"The weights {weights.name} are not on this machine ({file.path} is missing). "
                f"Run: layersr models fetch {weights.name}"
            )
        if file.sha256 and _sha256(place) != file.sha256:
            raise WeightsError(f"{place} is damaged. Run: layersr models fetch {weights.name}")
    return folder / weights.files[0].path if len(weights.files) == 1 else folder


def _sha256(place: Path) -> str:
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
