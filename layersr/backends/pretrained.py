"""Models and tokenizers of Transformers from a local folder, whole or not at all."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from layersr.backends.torching import without_broken_torchvision
from layersr.errors import WeightsError, first_line


def pretrained(kind: str, folder: Path, names: dict[str, str] | None = None, unused: str = "") -> Any:
    """A model of a Transformers class from a folder as `save_pretrained` writes it; nothing is fetched.

    Transformers itself fills weights that are missing with random numbers.

    Args:
        kind: name of the class.
        folder: where config.json and the weights lie.
        names: patterns of names in the file, and what the model calls them; None: alike.
        unused: how the names of weights begin that the model never uses, and the file may lack; "": none do.

    Raises:
        WeightsError: the folder holds something else, or less.
    """
    cls = _class(kind)
    try:
        model, told = cls.from_pretrained(folder, local_files_only=True, output_loading_info=True, key_mapping=names)
    except ImportError:
        raise
    except Exception as error:  # every format of weights has errors of its own
        raise WeightsError(f"{folder} does not hold weights for {kind} ({first_line(error)}).") from error
    _all_there(model, (name for name in told["missing_keys"] if not unused or not name.startswith(unused)), folder)
    return model


def remote(auto: str, folder: Path) -> Any:
    """A model whose Python code lies beside its weights; only for folders whose code a person trusts.

    Made as any object is and filled then: Transformers 5 makes models without memory first, which code written for
    earlier ones does not survive.

    Args:
        auto: which of the classes in the folder's config.json.
        folder: config.json, model.safetensors, and the code.

    Raises:
        WeightsError: the folder holds something else, or less.
    """
    _class("AutoConfig")
    from safetensors.torch import load_file
    from transformers.dynamic_module_utils import get_class_from_dynamic_module

    try:
        classes = json.loads((folder / "config.json").read_text(encoding="utf-8"))["auto_map"]
        config, model = (
            get_class_from_dynamic_module(classes[name], str(folder), local_files_only=True)
            for name in ("AutoConfig", auto)
        )
        made = model(config=config.from_pretrained(folder, local_files_only=True))
        lost = made.load_state_dict(load_file(folder / "model.safetensors"), strict=False).missing_keys
    except ImportError:
        raise
    except Exception as error:  # it is anybody's code
        raise WeightsError(f"{folder} does not hold a model and its code ({first_line(error)}).") from error
    _all_there(made, lost, folder)
    return made


def tokenizer(kind: str, folder: Path) -> Any:
    """A tokenizer, likewise."""
    cls = _class(kind)
    try:
        return cls.from_pretrained(folder, local_files_only=True)
    except ImportError:
        raise
    except Exception as error:
        raise WeightsError(f"{folder} does not hold the words of {kind} ({first_line(error)}).") from error


def _all_there(model: Any, missing: Iterable[str], folder: Path) -> None:
    lost = sorted(set(missing) & {name for name, _ in model.named_parameters()})
    if lost:
        raise WeightsError(f"{folder} does not hold all weights for {type(model).__name__} ({lost[0]} is missing).")


def _class(kind: str) -> Any:
    import torch  # noqa: F401  # missing, it is named before Transformers, whose own message is long

    without_broken_torchvision()
    import transformers

    transformers.logging.set_verbosity_error()  # what it has to say is for programmers, and its bars come between ours
    transformers.logging.disable_progress_bar()
    return getattr(transformers, kind)
