"""A real browser for the tests of pages."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ("background-networking", "component-update", "sync")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", *(f"--disable-{x}" for x in QUIET)]


def launched() -> Iterator[Any]:
    """A headless Chromium, closed afterwards; whoever has none is told what to install."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium; apt-get install chromium")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="there is no Playwright; pip install 'layersr[browser]'"
    )
    with playwright.sync_playwright() as running:  # each launch has a user's folder of its own
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield chromium
        chromium.close()
