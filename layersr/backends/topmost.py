"""The project's own detector: a small network that marks what nothing covers, and lets every pixel vote for a middle.

The network sees a small picture. Its votes are gathered into elements as in Panoptic-DeepLab (B. Cheng et al., CVPR
2020); their contours are moved to the picture's own edges by GrabCut (`contours.py`), and the matte does the rest. What
it was trained on and what it reaches stands in the model card (`layersr/models/detect_topmost.md`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from layersr.arrays import RGB
from layersr.backends import backend
from layersr.backends.contours import cut_out, shrink
from layersr.backends.networks import Network
from layersr.backends.saliency import SaliencyDetector
from layersr.errors import BackendError
from layersr.roles import Detection, Prompt

SIDE = 192
"""Longer side in pixels of what the network sees."""

PART = 0.35
"""Probability from which a pixel takes part in the vote."""

MIDDLE, APART = 0.12, 0.025
"""Least height of a middle, and how near two may be, in longer sides."""

FAR = 0.12
"""A vote farther than this from every middle, in longer sides, counts for none."""

SILENT = 0.3
"""Where no element has a higher score, the classic detector is asked instead."""

LEAST = 0.0004
"""Least share of the picture."""

WEIGHTS = np.array([5.59, 1.01, 3.33, 2.42, 0.71, -4.01, -5.12])
BIAS = -3.07
"""What `features` say of an element: fitted by `python -m layersr.training.confidence`."""


@dataclass(frozen=True, eq=False)
class Votes:
    """What the network says of a picture, float32, small (h, w) maps.

    Attributes:
        top: probability that an element lies here which nothing covers.
        middle: how much a pixel is the middle of one.
        x: where this pixel's element has its middle, in small pixels.
        y: likewise.
    """

    top: np.ndarray
    middle: np.ndarray
    x: np.ndarray
    y: np.ndarray


class TopmostDetector:
    """The network, and the classic detector for boxes and where the network is silent."""

    def __init__(self, device: str) -> None:
        self._network = Network("detect_topmost", device)
        self._classic = SaliencyDetector()

    def __call__(self, image: RGB, prompt: Prompt | None = None) -> Sequence[Detection]:
        """See `roles.Detector`; understands points, boxes and masks."""
        if prompt is not None and prompt.text is not None:
            raise BackendError(
                "The detector layersr does not understand words; point at the element with --point, --box or --mask."
            )
        if min(image.shape[:2]) < 8 or (prompt is not None and prompt.point is None):
            return self._classic(image, prompt)
        votes = self.votes(image)
        masks, scores = gathered(votes)
        if prompt is not None and prompt.point is not None:
            x, y = (v * n // m for v, n, m in zip(prompt.point, votes.top.shape[::-1], image.shape[1::-1], strict=True))
            here = [k for k, mask in enumerate(masks) if mask[y, x]]
            if not here:
                return self._classic(image, prompt)
            masks, scores = [masks[here[0]]], [scores[here[0]]]
        contours = cut_out(image, masks)
        found = [Detection(c, s) for c, s in zip(contours, scores, strict=True) if c.max() > 0.5]
        if prompt is None and not any(d.score > SILENT for d in found):
            found = list(self._classic(image))  # composed scenes taught it; it has no word for what this picture shows
        return sorted(found, key=lambda d: -d.score)

    def votes(self, image: RGB) -> Votes:
        """What the network says of the picture, at `SIDE` pixels: the mean of it and of its mirror image."""
        small = shrink(image, SIDE).transpose(2, 0, 1)
        plain, mirrored = self._network(small), self._network(small[..., ::-1])[..., ::-1]
        top, _, middle = (1 / (1 + np.exp(-plain[:3])) + 1 / (1 + np.exp(-mirrored[:3]))) / 2
        rows, columns = np.indices(top.shape, np.float32)
        side = max(top.shape) / 2
        return Votes(top, middle, columns + (plain[3] - mirrored[3]) * side, rows + (plain[4] + mirrored[4]) * side)


def gathered(votes: Votes) -> tuple[list[np.ndarray], list[float]]:
    """The elements the votes name: boolean masks that do not overlap, and their scores in [0, 1]."""
    side = max(votes.top.shape)
    part = votes.top > PART
    reach = 2 * round(APART * side) + 1
    soft = cv2.GaussianBlur(votes.middle, (0, 0), 1.0)
    peak = (soft == cv2.dilate(soft, np.ones((reach, reach), np.uint8))) & (soft > MIDDLE)
    ys, xs = np.nonzero(peak)
    group = np.full(votes.top.shape, -1, np.int32)
    if len(ys):
        rows, columns = np.nonzero(part)
        way = np.hypot(votes.x[rows, columns, None] - xs, votes.y[rows, columns, None] - ys)
        nearest = way.argmin(axis=1)
        group[rows, columns] = np.where(way.min(axis=1) < FAR * side, nearest, -1)
    masks = [group == k for k in range(len(ys))]
    _, rest = cv2.connectedComponents((part & (group < 0)).astype(np.uint8))  # elements without a middle
    masks += [rest == k for k in range(1, rest.max() + 1)]
    masks = [mask for mask in masks if mask.sum() >= max(4, LEAST * mask.size)]
    return masks, [float(1 / (1 + np.exp(-features(votes, mask) @ WEIGHTS - BIAS))) for mask in masks]


def features(votes: Votes, mask: np.ndarray) -> np.ndarray:
    """What tells a whole element from a part, a heap or a fancy: seven numbers.

    How sure the pixels are, and how many are very sure; how sure the middle is; how far the votes scatter; the size;
    how sure the network is of what is just outside; how far from the mask's own middle the votes lie.
    """
    side = max(mask.shape)
    inside, ys, xs = votes.top[mask], *np.nonzero(mask)
    outside = (cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~mask
    x, y = votes.x[mask], votes.y[mask]
    return np.array(
        [
            inside.mean(),
            (inside > 0.8).mean(),
            votes.middle[mask].max(),
            np.sqrt(x.var() + y.var()) / side,
            np.log(mask.mean()),
            votes.top[outside].mean() if outside.any() else 0,
            (abs(x.mean() - xs.mean()) + abs(y.mean() - ys.mean())) / side,
        ]
    )


@backend(
    "detect",
    "layersr",
    summary="the project's own small network: elements that nothing covers, each by itself",
    source="layersr/models/detect_topmost.md",
)
def load_topmost(device: str) -> TopmostDetector:
    """Needs nothing but what `pip install layersr` brings."""
    import onnxruntime  # noqa: F401  # a missing package is told when the model is chosen

    return TopmostDetector(device)
