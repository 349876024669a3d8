"""Real readers of our documents, one a file: each opens many files at once and tells what it sees as a stack.

`Reader.open` starts an application once for all files. What a reader cannot tell it leaves as it is in an empty
`Layer`, `Group` or `LayerStack`; `Reader.tells` names what it can.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from layersr.arrays import Pixels
from layersr.layers import LayerStack

TREE = frozenset({"tree", "names", "visibility", "opacity", "blend"})
"""What most readers tell of layers and groups."""


@dataclass(frozen=True, eq=False)
class Seen:
    """A document as a reader sees it.

    Attributes:
        stack: its layers and what it says of them, straight RGBA.
        picture: what the reader flattens it to, or the flattened picture it finds in the file; straight RGBA.
        profile: what its colour profile calls itself, or None.
        thumbnail: RGB, 8 bit, or None.
    """

    stack: LayerStack
    picture: Pixels
    profile: str | None = None
    thumbnail: np.ndarray | None = None


@dataclass(frozen=True)
class Reader:
    """An application or a library that opens documents.

    Attributes:
        name: as people call it.
        formats: the formats it opens.
        tells: the aspects of a document it can tell, see `matrix.ASPECTS`.
        missing: why it cannot be run here, as a reason to skip; "" where it can.
        version: of what is installed.
        open: what it sees in each file; None for one that it refuses.
        flattens: whether the picture is its own work, and not the one that stands in the file.
        refuses: formats one might expect it to open, which it does not.
    """

    name: str
    formats: tuple[str, ...]
    tells: frozenset[str]
    missing: Callable[[], str]
    version: Callable[[], str]
    open: Callable[[Sequence[Path]], Mapping[Path, Seen | None]]
    flattens: bool = True
    refuses: tuple[str, ...] = ()
