"""The project's own detector: small networks that mark what nothing covers, and let every pixel vote for a middle.

There are two, of one architecture. One was taught with composed scenes, in which photographs are ground; where it
names nothing that is believed, the other is asked, which was taught with photographs and paintings whose subjects were
outlined. What either learns the other must unlearn: a bird on a branch is an element here and a piece of ground there.

A network sees a small picture. Its votes are gathered into elements (`votes.py`); their contours are moved to the
picture's own edges by GrabCut (`contours.py`), and the matte does the rest. The classic detector names elements too,
for neither network has a word for all that is painted; and what carries lettering is looked for by itself
(`bubbles.py`), for letters are too small for the networks' view. How far each is believed was fitted on composed scenes
and outlined pictures; where the networks recognise nothing, the classic detector's own score is the word. What they
were trained on and what they reach stands in the model cards (`layersr/models/detect_topmost.md`,
`detect_subjects.md`).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from layersr.arrays import RGB
from layersr.backends import backend
from layersr.backends.asked import boxed, pointed
from layersr.backends.bubbles import bubbles
from layersr.backends.contours import MEDIUM, cut_out, rough, shrink
from layersr.backends.networks import Network
from layersr.backends.saliency import SaliencyDetector
from layersr.backends.votes import (
    CLASSIC_BIAS,
    CLASSIC_WEIGHTS,
    COMPOSED,
    OVERLAP,
    SUBJECTS,
    Belief,
    Votes,
    belief,
    certain,
    features_of_classic,
    gathered,
)
from layersr.errors import BackendError
from layersr.roles import Detection, Layout, Prompt

SIDE = 320
"""Longer side in pixels of what the network sees."""

ENLARGED = 3.0
"""How many times a part of a picture is enlarged at most to be looked at closer."""

WITHIN = 0.55
"""How surely something goes on around what lies within it: 0.49 at most around bubbles of nine pages."""

ALIKE = 0.6
"""Intersection over union above which two masks are of one thing."""

OPEN = 0.25
"""Mean probability of lying on top below which what the classic detector names is covered, or no thing at all."""

RECOGNISED = 0.5
"""Belief in its best element from which the network for composed pictures is the one to listen to."""

NOTHING = 0.05
"""Where any element is less likely than this, there is none that could be covered."""

LETTERED_WEIGHTS, LETTERED_BIAS = np.array([0.63, 1.61, 1.77, 6.8, -0.47, 6.07, 0.13, 4.0]), -14.09
"""How `bubbles.evidence` makes patches with lettering believed.

Fitted as `python -m layersr.training.confidence --scenes 180 --jobs 2` does.
"""

LETTERED = "lettering"
"""What a patch with lettering is called: whether it is a bubble, a sign or a label nobody knows."""

EAGER = 0.5
"""Added to the belief in lettering: what is wrong among it is mostly a part of a bubble, seldom nothing at all."""

FAINT = 0.2
"""What is believed less is never lifted, so its contour need not be exact: it only tells where something may be."""

ALONE = 0.9
"""Taken from the classic detector's own score (in logits) where the network recognises nothing."""


class TopmostDetector:
    """The networks, and the classic detector where they are silent."""

    def __init__(self, device: str) -> None:
        self._network = Network("detect_topmost", device)
        self._subjects = Network("detect_subjects", device)
        self._classic = SaliencyDetector()

    def __call__(self, image: RGB, prompt: Prompt | None = None) -> Sequence[Detection]:
        """See `roles.Detector`; understands points, boxes and masks."""
        if prompt is not None and prompt.text is not None:
            raise BackendError(
                "The detector layersr does not understand words; point at the element with --point, --box or --mask."
            )
        if min(image.shape[:2]) < 8 or (prompt is not None and prompt.mask is not None):
            return self._classic(image, prompt)
        if prompt is not None and prompt.box is not None:
            mask = boxed(image, prompt.box, self._look, prompt.filled)
            return [Detection(mask, 1.0)] if mask.max() > 0 else []
        if prompt is not None:
            here = pointed(image, prompt.point, lambda crop: gathered(self._closer(crop)))
            found = _whole([Detection(here[0].astype(np.float32), here[1])], image) if here else []
            return found or self._classic(image, prompt)
        with ThreadPoolExecutor(2) as pool:  # neither needs to know what the networks see
            named, patches = pool.submit(self._classic.named, image), pool.submit(bubbles, image)
            votes = self.votes(image)
        found = self._by_network(image, votes)
        found += _by_classic(image, votes, named.result(), max((d.score for d in found), default=0.0))
        return _whole(_apart(_lettered(image, votes, patches.result(), found) + found), image, FAINT)

    def _by_network(self, image: RGB, votes: Votes) -> list[Detection]:
        size = shrink(image, MEDIUM).shape[:2]
        return [Detection(rough(mask, size), score) for mask, score in zip(*gathered(votes), strict=True)]

    def votes(self, image: RGB) -> Votes:
        """What is said of the picture by the network that knows pictures of its kind."""
        small = shrink(image, SIDE).transpose(2, 0, 1)
        votes = self._asked(self._network, small, COMPOSED)
        if max(gathered(votes)[1], default=0.0) >= RECOGNISED:
            return votes
        return self._asked(self._subjects, small, SUBJECTS)

    def _asked(self, network: Network, small: np.ndarray, judge: Belief) -> Votes:
        """The mean of what a network says of a small picture (3, h, w) and of its mirror image."""
        plain, mirrored = network(small), network(small[..., ::-1])[..., ::-1]
        top, anything, middle = (1 / (1 + np.exp(-plain[:3])) + 1 / (1 + np.exp(-mirrored[:3]))) / 2
        rows, columns = np.indices(top.shape, np.float32)
        half = max(top.shape) / 2
        x, y = columns + (plain[3] - mirrored[3]) * half, rows + (plain[4] + mirrored[4]) * half
        return Votes(top, anything, middle, x, y, judge)

    def layout(self, image: RGB) -> Layout:
        """See `roles.LayoutDetector`: open is as much of an element as is held for a top-most one."""
        votes = self.votes(image)
        opened = np.clip(votes.top / np.maximum(votes.anything, NOTHING), 0, 1).astype(np.float32)
        return Layout(opened, votes.x, votes.y, votes.anything)

    def _look(self, crop: RGB) -> tuple[np.ndarray, list[np.ndarray], list[float]]:
        votes = self._closer(crop)
        return (votes.anything, *gathered(votes))

    def _closer(self, crop: RGB) -> Votes:
        """What it says of a part of a picture, enlarged to what the network likes to see."""
        factor = min(ENLARGED, SIDE / max(crop.shape[:2]))
        if factor > 1:
            crop = cv2.resize(crop, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        return self.votes(crop)


def _by_classic(
    image: RGB, votes: Votes, named: Sequence[tuple[np.ndarray, float]], recognised: float
) -> list[Detection]:
    """What the classic detector named, with scores.

    The more the network recognises in the picture, the more its word counts on what it does not.
    """
    found, size = [], shrink(image, MEDIUM).shape[:2]
    for mask, own in named:
        seen = features_of_classic(votes, mask, own)
        covered = votes.judge is COMPOSED and seen is not None and seen[0] < OPEN
        if seen is not None and not covered:
            by_both = seen @ CLASSIC_WEIGHTS + CLASSIC_BIAS
            alone = np.log(own / (1 - min(own, 0.999)) + 1e-6) - ALONE
            score = belief(recognised * by_both + (1 - recognised) * alone)
            found.append(Detection(rough(mask, size), score))
    return found


def _lettered(
    image: RGB, votes: Votes, patches: Sequence[tuple[np.ndarray, np.ndarray]], named: Sequence[Detection]
) -> list[Detection]:
    """Bubbles and signs, which no small view shows well; their contours are those of their paper already.

    Each is as sure as itself, or as the same thing in another's words. What lies within something larger is a part of
    that: the window of a shop.
    """
    size, found = shrink(image, MEDIUM).shape[:2], []
    for mask, seen in patches:
        if votes.anything[_rim(rough(mask, votes.top.shape) > 0.5)].mean() > WITHIN:
            continue
        small = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
        score = certain(seen @ LETTERED_WEIGHTS + LETTERED_BIAS + EAGER)
        for other in named:
            both = np.minimum(small, other.mask).sum() / np.maximum(small, other.mask).sum()
            score = max(score, other.score if both > ALIKE else 0.0)
        found.append(Detection(small, score, LETTERED))
    return found


def _apart(found: Sequence[Detection]) -> list[Detection]:
    """The elements, best first, without those that lie in better ones."""
    taken = np.zeros(found[0].mask.shape, np.float32) if found else None
    kept = []
    for detection in sorted(found, key=lambda d: -d.score):
        mask = detection.mask
        if np.minimum(mask, taken).sum() <= OVERLAP * mask.sum():
            kept.append(detection)
            taken = np.maximum(taken, mask)
    return kept


def _whole(found: Sequence[Detection], image: RGB, faint: float = 0.0) -> list[Detection]:
    """The same elements at the picture's size, on its edges where they are believed more than `faint`."""
    out = []
    for detection in found:
        if detection.score > faint and detection.label != LETTERED:
            (mask,) = cut_out(image, [detection.mask > 0.5])
        else:
            mask = rough(detection.mask, image.shape[:2])
        if mask.max() > 0.5:
            out.append(Detection(mask, detection.score, detection.label))
    return out


def _rim(mask: np.ndarray) -> np.ndarray:
    """What is just outside of a mask; all of it where nothing is."""
    around = (cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~mask
    return around if around.any() else ~around


@backend(
    "detect",
    "layersr",
    summary="the project's own small networks: elements that nothing covers, each by itself",
    source="layersr/models/detect_topmost.md",
)
def load_topmost(device: str) -> TopmostDetector:
    """Needs nothing but what `pip install layersr` brings."""
    import onnxruntime  # noqa: F401  # a missing package is told when the model is chosen

    return TopmostDetector(device)
