"""What a command is given to work on."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layersr.layers import LayerStack


def is_document(file: str) -> bool:
    """Whether a name is a layered document's, or a folder's."""
    from layersr import documents

    return Path(file).is_dir() or Path(file).suffix.lower() in documents.SUFFIXES


def read_any(file: str) -> "LayerStack":
    """A document, or a picture as the one layer of one.

    Raises:
        InputError: it is neither, or damaged.
    """
    from layersr import documents, images, pipeline

    if is_document(file):
        return documents.read(file)
    return pipeline.as_stack(images.read_image(file), Path(file).stem)
