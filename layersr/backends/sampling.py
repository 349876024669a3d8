"""Matting by colour samples: each unknown pixel is explained as a mixture of one colour inside and one outside.

In the line of Wang and Cohen, *Optimized Color Sampling for Robust Matting* (CVPR 2007): candidate pairs from the
nearest certain pixels are scored by how well their mixture explains the pixel and how near they are. The raw matte is
then made to follow the picture by a colour guided filter (`guided.py`), weighted by each pixel's confidence: the local
linear model is that of closed-form matting, solved by windows instead of by one large system, which would need a
sparse solver.
"""

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Trimap
from layersr.backends import backend
from layersr.backends.guided import filtered

CANDIDATES = 6
"""Samples tried on each side; pairs are all combinations."""

RADIUS = 10
"""Pixels of the guided filter's window to each side."""


class SamplingMatter:
    """See the module's text; needs no weights."""

    def __call__(self, image: RGB, trimap: Trimap) -> Alpha:
        """See `roles.Matter`."""
        inside, outside = trimap >= 1, trimap <= 0
        unknown = ~(inside | outside)
        alpha = trimap.astype(np.float32).copy()
        if not unknown.any():
            return alpha
        if not inside.any() or not outside.any():  # nothing to sample on one side
            alpha[unknown] = 1.0 if inside.any() else 0.0
            return alpha
        x = image[unknown]
        raw, confidence = _best_pair(x, _samples(image, inside, unknown), _samples(image, outside, unknown))
        guess, weight = alpha.copy(), np.ones_like(alpha)
        guess[unknown], weight[unknown] = raw, confidence
        smooth = filtered(image, guess, weight + np.float32(1e-3), RADIUS, 1e-4)[unknown]
        # The filter rounds off details thinner than its window: confident samples keep a say.
        say = 0.3 * confidence
        mixed = say * raw + (1 - say) * smooth
        alpha[unknown] = np.clip((mixed - 0.02) / 0.96, 0, 1)
        return alpha


def _samples(image: np.ndarray, certain: np.ndarray, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colours (candidates, n, 3) and distances (candidates, n) of certain pixels near each unknown one.

    The certain pixels are dealt into interleaved subsets; the nearest of each subset is a candidate. So candidates are
    near, but not all the same pixel's neighbours.
    """
    rows, columns = np.indices(certain.shape)
    deal = (rows * 2 + columns * 3 + (rows // 3) * 5) % CANDIDATES
    colours, distances = [], []
    # Certain pixels right at the unknown band may be mixed already: prefer the ones a pixel further in.
    pure = certain & (cv2.erode(certain.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    pool = pure if pure.any() else certain
    for subset in range(CANDIDATES):
        chosen = pool & (deal == subset)
        if not chosen.any():
            chosen = pool
        distance, label = cv2.distanceTransformWithLabels(
            (~chosen).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        colour_of = np.zeros((int(label.max()) + 1, 3), np.float32)
        colour_of[label[chosen]] = image[chosen]
        colours.append(colour_of[label[unknown]])
        distances.append(distance[unknown])
    return np.stack(colours), np.stack(distances)


def _best_pair(x: np.ndarray, f: tuple, b: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Alpha and confidence of the pair that explains each pixel best."""
    best_cost = np.full(len(x), np.inf, np.float32)
    best_alpha = np.zeros(len(x), np.float32)
    best_fit = np.zeros(len(x), np.float32)
    nearest_f, nearest_b = f[1].min(axis=0) + 1, b[1].min(axis=0) + 1
    for colour_f, distance_f in zip(*f, strict=True):
        for colour_b, distance_b in zip(*b, strict=True):
            d = colour_f - colour_b
            length = (d * d).sum(axis=1)
            alpha = np.clip(((x - colour_b) * d).sum(axis=1) / np.maximum(length, 1e-6), 0, 1)
            rest = x - colour_b - alpha[:, None] * d
            misfit = np.sqrt((rest * rest).sum(axis=1))
            far = distance_f / nearest_f + distance_b / nearest_b
            cost = misfit / 0.03 + 0.15 * far + 0.02 / np.sqrt(length + 1e-4)
            better = cost < best_cost
            best_cost[better], best_alpha[better] = cost[better], alpha[better]
            fit = np.exp(-((misfit / 0.06) ** 2)) * (1 - np.exp(-length / 0.02))
            best_fit[better] = fit[better]
    return best_alpha, best_fit.astype(np.float32)


@backend(
    "matte",
    "classic",
    summary="colour samples and a guided filter; needs no weights",
    source="Wang and Cohen, CVPR 2007",
)
def load_sampling(device: str) -> SamplingMatter:
    """Loads nothing; every device is the CPU."""
    return SamplingMatter()
