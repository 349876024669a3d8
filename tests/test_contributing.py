"""The example of CONTRIBUTING.md works as it stands: dropped into the backends' folder it is there."""

import re
from pathlib import Path

import numpy as np
import pytest

from layersr import backends
from layersr.roles import Upscaler

ROOT = Path(__file__).resolve().parent.parent


def test_the_example_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.S)
    (tmp_path / "nearest.py").write_text(example, encoding="utf-8")
    monkeypatch.setattr(backends, "__path__", [*backends.__path__, str(tmp_path)])
    backends.find.cache_clear()
    try:
        model = backends.load("upscale", "nearest")
    finally:
        backends.find.cache_clear()
    assert isinstance(model, Upscaler)
    image = np.random.default_rng(0).random((3, 5, 3), np.float32)
    assert np.array_equal(model(image, 2)[::2, ::2], image)
