"""Names of the places where models can run."""

import re

from layersr.errors import UsageError

DEVICES = ("auto", "cpu", "cuda", "mps", "xpu", "directml", "coreml")
"""`cuda:1` and the like name one of several. torch runs on cuda, mps (Apple) and xpu (Intel), onnxruntime on cuda,
directml (Windows) and coreml (Apple), both on the CPU; `auto` takes the best there is for each."""


def kind(device: str) -> str:
    """The name without its number."""
    return device.partition(":")[0]


def number(device: str) -> int:
    """Which of several; the first is 0."""
    return int(device.partition(":")[2] or 0)


def check(device: str) -> None:
    """Refuse a name that stands for no device anywhere.

    Raises:
        UsageError: just so.
    """
    numbered = kind(device) in DEVICES[2:] and re.fullmatch(r"[a-z]+:\d{1,3}", device)
    if device not in DEVICES and not numbered:
        raise UsageError(f"There is no device {device!r}; there is {', '.join(DEVICES)}, and cuda:1 and so on.")
