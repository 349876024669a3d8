"""Fit the detector's confidence: `python -m layersr.training.confidence --data DIR` prints what its modules hold.

On fresh scenes of the training material, logistic regression (iteratively reweighted least squares) tells from
`votes.features` whether an element that the votes of either network or the classic detector name matches a true one
with an IoU above one half, from `bubbles.evidence` whether a patch with lettering does, and from `choosing.seen_late`
whether what is seen when the first things are lifted off does. Scenes go to the network that the detector would listen
to.
"""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import numpy as np

from layersr import backends
from layersr.backends.bubbles import bubbles
from layersr.backends.contours import cut_out
from layersr.backends.saliency import SaliencyDetector
from layersr.backends.topmost import TopmostDetector
from layersr.backends.votes import COMPOSED, SUBJECTS, features, features_of_classic, gathered
from layersr.decomposing import Limits, Models
from layersr.decomposing.choosing import FILLED, seen_late, worth_lifting
from layersr.decomposing.lifting import lift, remove, whole
from layersr.decomposing.parts import before, owner
from layersr.training.kinds import compose_any
from layersr.training.pages import compose_page
from layersr.training.scores.detecting import iou
from layersr.training.things import gather

SIDE, SEED = 384, 77

LETTERED_SIDE, OUTLINED = 900, 0.6
"""Letters want larger scenes; and what is flat is outlined well, or it is a part."""

LATE_SIDE, LATE_FAINT = 512, 0.25
"""What is seen late is fitted on pictures of this side; it is so sure at least."""

NETWORKS = {"COMPOSED": COMPOSED, "SUBJECTS": SUBJECTS}

Table = tuple[np.ndarray, np.ndarray]
"""Features of some elements, (n, features), and whether each is right, (n,)."""


def observed(data: Path, count: int, side: int = SIDE, seed: int = SEED) -> dict[str, Table]:
    """What each network names in so many scenes, and what the classic detector names."""
    material, rng = gather(data, side, apart=False), np.random.default_rng(seed)
    detector, classic = TopmostDetector("cpu"), SaliencyDetector()
    seen: dict[str, list] = {name: [] for name in (*NETWORKS, "CLASSIC")}
    for k in range(count):
        scene = compose_any(material, rng, side, (side, side * 4 // 5)[k % 2])
        votes = detector.votes(scene.image)
        masks = gathered(votes)[0]
        own = zip((features(votes, mask) for mask in masks), cut_out(scene.image, masks), strict=True)
        named = classic.named(scene.image)
        cut = cut_out(scene.image, (mask for mask, _ in named))
        theirs = ((features_of_classic(votes, *one), mask) for one, mask in zip(named, cut, strict=True))
        asked = next(name for name, judge in NETWORKS.items() if votes.judge is judge)
        for name, found in ((asked, own), ("CLASSIC", theirs)):
            for values, mask in found:
                if values is not None:
                    right = max((iou(mask, alpha) for alpha in scene.visible), default=0) > 0.5
                    seen[name].append((values, right))
    return {name: _table(rows) for name, rows in seen.items()}


def observed_lettering(data: Path, count: int, seed: int = SEED) -> Table:
    """What carries lettering in so many scenes, every other one a page; right is an IoU above `OUTLINED`."""
    material, rng, seen = gather(data, LETTERED_SIDE, apart=False), np.random.default_rng(seed), []
    for k in range(count):
        compose = (compose_any, compose_page)[k % 2]
        scene = compose(material, rng, LETTERED_SIDE, LETTERED_SIDE * (3, 2)[k % 4 != 0] // 3)
        for mask, values in bubbles(scene.image):
            best = max((iou(mask.astype(np.float32), alpha) for alpha in scene.visible), default=0)
            seen.append((values, best > OUTLINED))
    return _table(seen)


def observed_late(data: Path, count: int, side: int = LATE_SIDE, seed: int = SEED) -> Table:
    """What the detector sees in so many scenes when the first things are gone, but for parts of those."""
    material, rng = gather(data, side, apart=False), np.random.default_rng(seed)
    models = Models(*(backends.load(role, "layersr") for role in ("detect", "matte", "infill")))
    limits, seen = Limits(), []
    for k in range(count):
        scene = compose_any(material, rng, side, (side, side * 4 // 5)[k % 2])
        nothing = np.zeros(scene.image.shape[:2], bool)
        first, layout = models.detect(scene.image), models.detect.layout(scene.image)
        lifted = [lift(scene.image, one, models.matte, 0) for one in worth_lifting(first, limits, 0, nothing)]
        lifted = whole(scene.image, [one for one in lifted if one is not None], models.matte, models.infill, first)
        if not lifted:
            continue
        rest, filled, gone = remove(scene.image, nothing, lifted, None, models.infill, limits.explained)
        for detection in models.detect(rest):
            mask = detection.mask > 0.5
            share = mask.mean()
            if detection.score < LATE_FAINT or share < limits.area or filled[mask].mean() > FILLED:
                continue
            if owner(mask, gone, layout, mask.shape) is None:
                shown = (mask & ~filled).astype(np.float32)  # what is completed under a fill has no truth
                best = max((iou(one, alpha) for one in (detection.mask, shown) for alpha in scene.visible), default=0)
                seen.append((seen_late(detection.score, before(mask, layout)), best > 0.5))
    return _table(seen)


def _table(rows: list[tuple[np.ndarray, bool]]) -> Table:
    return np.array([values for values, _ in rows]), np.array([right for _, right in rows], float)


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
@click.option("--jobs", default=1, show_default=True, help="Processes; each makes scenes of its own.")
def main(data: Path, scenes: int, jobs: int) -> None:
    """Print the weights, and what thresholds give."""
    counts = [len(range(k, scenes, jobs)) for k in range(jobs)]
    with ProcessPoolExecutor(jobs) as pool:
        parts = list(pool.map(observed, [data] * jobs, counts, [SIDE] * jobs, range(SEED, SEED + jobs)))
        lettered = list(pool.map(observed_lettering, [data] * jobs, counts, range(SEED, SEED + jobs)))
        late = list(pool.map(observed_late, [data] * jobs, counts, [LATE_SIDE] * jobs, range(SEED, SEED + jobs)))
    tables = {name: [part[name] for part in parts] for name in parts[0]} | {"LETTERED": lettered, "LATE": late}
    for name, some in tables.items():
        rows, right = (np.concatenate(column) for column in zip(*(t for t in some if len(t[0])), strict=True))
        weights, bias = fit(rows, right)
        numbers = [round(float(w), 2) for w in weights]
        click.echo(f"{name}: np.array({numbers}), {bias:.2f}")
        said = 1 / (1 + np.exp(-rows @ weights - bias))
        for least in (0.3, 0.42, 0.5, 0.6):
            kept = said > least
            click.echo(
                f"{least}: {right[kept].mean():.0%} of those kept are right, {right[kept].sum() / right.sum():.0%} of "
                f"the right ones are kept, {(1 - right)[kept].sum() / scenes:.2f} wrong a scene"
            )


if __name__ == "__main__":
    main()
