"""Pipelines of diffusers, from a local folder as `save_pretrained` writes it."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from layersr.backends.torching import without_broken_torchvision
from layersr.errors import WeightsError, first_line


def pipeline(kind: str, folder: Path, others: Collection[str] = (), **named: Any) -> Any:
    """A pipeline of this class, on the CPU; nothing is fetched and no code of the folder's is run.

    Args:
        kind: name of the class in diffusers.
        folder: `model_index.json` and the folders beside it.
        others: classes whose folders serve as well.
        named: for `from_pretrained`; a component that is None is not loaded.

    Raises:
        WeightsError: the folder holds something else.
    """
    import torch  # noqa: F401  # missing, it is named before diffusers, whose own message is long

    without_broken_torchvision()
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()  # ours is on the terminal already
        library.utils.logging.set_verbosity_error()  # what they have to say is for programmers
    index = folder / "model_index.json"
    if not index.is_file():  # else diffusers takes the path for a name on the hub
        raise WeightsError(f"{folder} does not hold a {kind} (model_index.json is missing).")
    if any(folder.rglob("*.py")):
        raise WeightsError(f"{folder} holds programs beside its weights, and those are never run. Remove *.py there.")
    try:
        held = json.loads(index.read_text(encoding="utf-8"))["_class_name"]
        if held not in (kind, *others):
            raise ValueError(f"it is a {held}")
        made = getattr(diffusers, kind).from_pretrained(folder, local_files_only=True, **named)
    except (OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
        raise WeightsError(f"{folder} does not hold a {kind} ({first_line(error)}).") from error
    made.set_progress_bar_config(disable=True)  # that of its steps
    return made
