"""Alpha upscalers on composites held apart: decibels where the small matte is not alike all around (5 x 5 pixels)."""

from pathlib import Path

import numpy as np

from layersr.backends import load
from layersr.backends.guided_alpha import changing
from layersr.blocks import repeated
from layersr.roles import AlphaUpscaler
from layersr.training.guided_alpha import APART, SCALES, SIDE, Enlarged, enlargement, shrunk_alpha
from layersr.training.mattes import stock


def rows(data: Path) -> list[str]:
    """A Markdown table: cubic interpolation and our own network, guided by our own upscaler's picture."""
    rng, model = np.random.default_rng(4), load("upscale", "layersr")
    material = stock(data, 128, rng, apart=True)
    table = [f"| alpha, {APART} composites held apart a factor | " + " | ".join(f"x{s}, dB" for s in SCALES) + " |"]
    table.append("|---|" + "---|" * len(SCALES))
    found: dict[str, list[float]] = {"classic": [], "layersr": []}
    for scale in SCALES:
        drawn = [enlargement(material, rng, SIDE[scale], scale, model) for _ in range(APART)]
        for name, values in found.items():
            upscaler = load("alpha", name)
            values.append(float(np.mean([_decibels(upscaler, one, scale) for one in drawn])))
    return [*table, *(f"| {name} | {' | '.join(f'{v:.2f}' for v in values)} |" for name, values in found.items())]


def _decibels(upscaler: AlphaUpscaler, one: Enlarged, scale: int) -> float:
    truth = one.alpha.astype(np.float32) / 255
    small = shrunk_alpha(truth, scale)
    large = upscaler((one.guide / np.float32(255)).astype(np.float32), small, scale)
    where = repeated(changing(small), scale)
    return -10 * float(np.log10(((large - truth)[where] ** 2).mean() + 1e-6))
