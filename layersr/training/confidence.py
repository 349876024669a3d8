"""Fit the detector's confidence: `python -m layersr.training.confidence --data DIR` prints what `topmost.py` holds.

On fresh scenes of the training material, logistic regression (iteratively reweighted least squares) tells from
`topmost.features` whether an element the votes name matches a true one with an IoU above one half.
"""

from pathlib import Path

import click
import cv2
import numpy as np

from layersr.backends.topmost import TopmostDetector, features, gathered
from layersr.training.scenes import compose
from layersr.training.scores.detecting import iou
from layersr.training.things import gather


def observed(data: Path, count: int, side: int = 384, seed: int = 77) -> tuple[np.ndarray, np.ndarray]:
    """Features of all elements named in so many scenes, (n, 7), and whether each is right, (n,)."""
    material, rng, detector = gather(data, side, apart=False), np.random.default_rng(seed), TopmostDetector("cpu")
    rows, right = [], []
    for k in range(count):
        scene = compose(material, rng, side, (side, side * 4 // 5)[k % 2])
        votes = detector.votes(scene.image)
        size = votes.top.shape[::-1]
        truth = [cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) for alpha in scene.visible]
        for mask in gathered(votes)[0]:
            rows.append(features(votes, mask))
            right.append(max((iou(mask.astype(np.float32), alpha) for alpha in truth), default=0) > 0.5)
    return np.array(rows), np.array(right, float)


def fit(rows: np.ndarray, right: np.ndarray, ridge: float = 0.01) -> tuple[np.ndarray, float]:
    """Weights and bias of a logistic regression."""
    middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    x = np.column_stack([(rows - middle) / spread, np.ones(len(rows))])
    w = np.zeros(x.shape[1])
    for _ in range(50):
        said = 1 / (1 + np.exp(-x @ w))
        curve = x.T @ (x * (said * (1 - said))[:, None]) + ridge * np.eye(len(w))
        w += np.linalg.solve(curve, x.T @ (right - said) - ridge * w)
    return w[:-1] / spread, float(w[-1] - (w[:-1] * middle / spread).sum())


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="The project's data folder.")
@click.option("--scenes", default=300, show_default=True)
def main(data: Path, scenes: int) -> None:
    """Print the weights, and what thresholds give."""
    rows, right = observed(data, scenes)
    weights, bias = fit(rows, right)
    click.echo(f"WEIGHTS = np.array({[round(float(w), 2) for w in weights]})\nBIAS = {bias:.2f}")
    said = 1 / (1 + np.exp(-rows @ weights - bias))
    for least in (0.3, 0.42, 0.5, 0.6):
        kept = said > least
        click.echo(f"{least}: {right[kept].mean():.0%} of those kept are right, {right[kept].sum() / right.sum():.0%} "
                   f"of the right ones are kept, {(1 - right)[kept].sum() / scenes:.2f} wrong a scene")  # fmt: skip


if __name__ == "__main__":
    main()
