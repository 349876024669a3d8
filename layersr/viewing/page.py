"""The page itself: template, style, script and what is told, in one file that needs nothing else."""

import base64
import hashlib
import html
import json
import os
from importlib import resources
from pathlib import Path
from string import Template

from layersr.atomic import replacing_file
from layersr.layers import Image, LayerStack
from layersr.viewing.telling import told

SIZE = 1600
"""Pixels of the longest side of the pictures in a page, unless somebody says otherwise."""

PARTS = (
    *("arts", "history", "compose", "overlay", "explode", "stage", "gestures"),
    *("list", "reorder", "compare", "panels", "keys", "main"),
)
"""The script's files, in the order in which they stand in the page."""


def page(stack: LayerStack, title: str, original: Image | None = None, size: int = SIZE) -> str:
    """A document as one page of HTML: it asks for nothing else, from nowhere, and runs no script but its own.

    Law: with all layers where they were it shows `flatten(stack)`, within 2/255 where nothing had to shrink and the
    document is of 8 bits. The same arguments give the same text. Names are shown, never run.

    Args:
        stack: any document.
        title: shown above it.
        original: what it is compared with; None for the stack's own reference, else for what it flattens to.
        size: pixels of the longest side at most.
    """
    data = json.dumps(told(stack, size, original, title), separators=(",", ":"))  # ASCII, so lone surrogates pass too
    for sign in "<>&":  # no name may end the element it stands in
        data = data.replace(sign, f"\\u{ord(sign):04x}")
    style = _read("page.css")
    script = "(() => {\n'use strict';\n" + "\n".join(_read(f"script/{part}.js") for part in PARTS) + "})();\n"
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    spelt = title.encode("utf-8", "replace").decode("utf-8")
    return Template(_read("page.html")).substitute(
        title=html.escape(spelt), policy=policy, style=style, script=script, data=data
    )


def write_page(
    stack: LayerStack, path: str | os.PathLike[str], title: str, original: Image | None = None, size: int = SIZE
) -> int:
    """Write the page of a document, whole or not at all.

    Returns:
        its size in bytes.

    Raises:
        OutputError: the place cannot be written.
    """
    text = page(stack, title, original, size).encode("utf-8")
    with replacing_file(Path(path)) as temporary:
        temporary.write_bytes(text)
    return len(text)


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's policy knows its own script and style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
