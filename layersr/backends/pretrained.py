"""Models and tokenizers of Transformers from a local folder, whole or not at all."""

from pathlib import Path
from typing import Any

from layersr.backends.torching import without_broken_torchvision
from layersr.errors import WeightsError


def pretrained(kind: str, folder: Path, names: dict[str, str] | None = None) -> Any:
    """A model of a Transformers class from a folder as `save_pretrained` writes it; nothing is fetched.

    Transformers itself fills weights that are missing with random numbers.

    Args:
        kind: name of the class.
        folder: where config.json and the weights lie.
        names: patterns of names in the file, and what the model calls them; None: alike.

    Raises:
        WeightsError: the folder holds something else, or less.
    """
    return _loaded(kind, folder, key_mapping=names)


def remote(kind: str, folder: Path) -> Any:
    """A model whose code lies beside its weights; only for folders whose code a person trusts."""
    return _loaded(kind, folder, trust_remote_code=True)


def tokenizer(kind: str, folder: Path) -> Any:
    """A tokenizer, likewise."""
    cls = _class(kind)
    try:
        return cls.from_pretrained(folder, local_files_only=True)
    except ImportError:
        raise
    except Exception as error:
        raise WeightsError(f"{folder} does not hold the words of {kind} ({_line(error)}).") from error


def _loaded(kind: str, folder: Path, **named: Any) -> Any:
    cls = _class(kind)
    try:
        model, told = cls.from_pretrained(folder, local_files_only=True, output_loading_info=True, **named)
    except ImportError:
        raise
    except Exception as error:  # every format of weights has errors of its own
        raise WeightsError(f"{folder} does not hold weights for {kind} ({_line(error)}).") from error
    lost = sorted(set(told["missing_keys"]) & {name for name, _ in model.named_parameters()})
    if lost:
        raise WeightsError(f"{folder} does not hold all weights for {kind} ({lost[0]} is missing).")
    return model


def _class(kind: str) -> Any:
    import torch  # noqa: F401  # missing, it is named before Transformers, whose own message is long

    without_broken_torchvision()
    import transformers

    transformers.logging.set_verbosity_error()  # what it has to say is for programmers, and its bars come between ours
    transformers.logging.disable_progress_bar()
    return getattr(transformers, kind)


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
