"""How many of the shadows and glows that are claimed are there, and how many of those that are there are claimed.

    python tests/benchmarks/lights.py [--scenes 300] [--seed 2] [--fit]

Scenes are composed of training material: things over grounds, of which every so many have a shadow or a glow of random
strength, width and colour; then all goes through blur, noise, uneven light and JPEG. The elements are the true ones, a
little blurred, and no network is asked. `--fit` prints the weights of `decomposing.glows` that those scenes give; they
were fitted with seed 1.
"""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from layersr.decomposing.element import Element, window_of
from layersr.decomposing.glows import Signs, signs
from layersr.decomposing.lights import lights
from layersr.decomposing.surroundings import surroundings
from layersr.training import scenes
from layersr.training.things import Material, gather

DATA = Path(os.environ.get("LAYERSR_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))

SIDE, GLOWING, SHADED = 256, 0.4, 0.2
"""Pixels of a scene's side; shares of the things that have a glow and a shadow."""


@dataclass(frozen=True, eq=False)
class Truth:
    """An element of a scene.

    Attributes:
        element: as if it had been found.
        strength: of its glow, per channel; 0 where it has none.
        light: of its glow, before its colour; (h, w).
        shaded: whether it has a shadow.
    """

    element: Element
    strength: np.ndarray
    light: np.ndarray
    shaded: bool


def halo(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How far a thing's light goes: blurred once, blurred twice, or less with every step away."""
    side, kind = alpha.sum() ** 0.5, rng.random()
    wide = side * np.exp(rng.uniform(np.log(0.04), np.log(0.5)))
    if kind < 0.8:
        near = cv2.GaussianBlur(alpha, (0, 0), wide)
        return near if kind < 0.5 else 0.5 * near + 0.5 * cv2.GaussianBlur(alpha, (0, 0), wide * rng.uniform(1.5, 3))
    far = cv2.distanceTransform((alpha < 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.exp(-far / wide).astype(np.float32)


def colours(own: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Of a glow, the greatest 1: mostly the thing's own, more or less pale."""
    colour = own + 0.02 if rng.random() < 0.75 else rng.random(3)
    colour = colour / colour.max()
    return colour + rng.uniform(0, 1) * (1 - colour)


def scene(material: Material, rng: np.random.Generator) -> tuple[np.ndarray, list[Truth]]:
    """A picture and its elements."""
    image = scenes.ground(material, rng, SIDE, SIDE)
    placed = []
    for one in scenes._cast(material, rng):
        layer = scenes.place(one, rng, SIDE, SIDE)
        alpha, kind = layer[..., 3], rng.random()
        if alpha.sum() < 0.002 * SIDE * SIDE:
            continue
        strength, light = np.zeros(3), np.zeros_like(alpha)
        if kind < GLOWING:
            own = layer[..., :3].sum(axis=(0, 1)) / alpha.sum()
            if rng.random() < 0.7:  # what sheds light is bright
                lifted = np.float32(rng.uniform(0, 0.7))
                layer[..., :3] += lifted * (alpha[..., None] * own / own.max() - layer[..., :3]).clip(0)
                own = layer[..., :3].sum(axis=(0, 1)) / alpha.sum()
            strength, light = colours(own, rng) * rng.uniform(0.12, 0.9), halo(alpha, rng)
            image = 1 - (1 - image) * (1 - light[..., None] * strength)
        elif kind < GLOWING + SHADED:
            image = scenes.shade(image, alpha, rng)
        image = layer[..., :3] + image * (1 - alpha[..., None])
        placed.append((alpha, strength, light, GLOWING <= kind < GLOWING + SHADED))
    image, clear, found = scenes.weathered(image.astype(np.float32), rng), np.ones((SIDE, SIDE), np.float32), []
    for alpha, strength, light, shaded in reversed(placed):
        seen = alpha * clear
        clear = clear * (1 - alpha)
        soft = rng.uniform(0, 1)
        seen = np.clip(cv2.GaussianBlur(seen, (0, 0), soft) * 1.02 - 0.01, 0, 1) if soft > 0.3 else seen
        if seen.sum() < 100 or not (seen > 0.5).any():
            continue
        window = window_of(seen > 0, 0)
        element = Element(window, seen[window], image[window], 1.0, 0, name=str(len(found)))
        found.append(Truth(element, strength, light, shaded))
    return image, found[::-1]


def fitted(found: list[tuple[Signs, bool]]) -> tuple[np.ndarray, float]:
    """Weights and bias of a logistic regression on what can be a glow, by Newton's method, hardly held back."""
    found = [(one.told, there) for one, there in found if one.possible]
    told, there = (np.array(column, float) for column in zip(*found, strict=True))
    told = np.column_stack([told, np.ones(len(told))])
    weights, hold = np.zeros(told.shape[1]), 0.1 * np.eye(told.shape[1])
    for _ in range(50):
        sure = 1 / (1 + np.exp(-told @ weights))
        slope = told.T @ (sure - there) + hold @ weights
        weights -= np.linalg.solve((told.T * sure * (1 - sure)) @ told + hold, slope)
    return weights[:-1], float(weights[-1])


def main() -> None:
    """Print a few lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--fit", action="store_true")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    material = gather(DATA, SIDE, apart=False)
    seen_all: list[tuple[Signs, bool]] = []
    claims = {kind: [0, 0, 0] for kind in ("glow", "shadow")}  # claimed, of those true, there
    possible = 0
    for number in range(chosen.scenes):
        image, truths = scene(material, np.random.default_rng([chosen.seed, number]))
        elements = [truth.element for truth in truths]
        told = [seen and signs(seen) for seen in surroundings(image, elements)]
        claimed = [None] * len(told) if chosen.fit else lights(image, elements)
        for truth, one, cast in zip(truths, told, claimed, strict=True):
            if one is None:
                continue
            glowing = bool(truth.strength.any())
            seen_all.append((one, glowing))
            possible += one.possible and glowing
            for kind, there in (("glow", glowing), ("shadow", truth.shaded)):
                said = cast is not None and cast.glows == (kind == "glow")
                for n, true in enumerate((said, said and there, there)):
                    claims[kind][n] += true
    print(f"{len(seen_all)} elements in {chosen.scenes} scenes, seed {chosen.seed}")
    if chosen.fit:
        print("weights", *fitted(seen_all), f"on {sum(one.possible for one, _ in seen_all)}")
        return
    for kind, (said, true, there) in claims.items():
        print(f"{kind}: {true} of {said} claims true, of {there} that are there")
    print(f"glows that can be told: {possible}")


if __name__ == "__main__":
    main()
