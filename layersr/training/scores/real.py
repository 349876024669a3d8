"""Detectors on real photographs: test pictures of BSDS500, segmented by people, whose main subjects are plain to see.

Which segments make a subject was decided by looking (P. Arbeláez, M. Maire, C. Fowlkes and J. Malik, *Contour
Detection and Hierarchical Image Segmentation*, IEEE TPAMI 2011; for research and education, never trained on). What
else a detector finds there may well be worth a layer, so nothing counts as false.
"""

import time
from pathlib import Path

import cv2
import numpy as np

from layersr.backends import load
from layersr.errors import InputError
from layersr.roles import Detector
from layersr.training.pictures import Picture
from layersr.training.scores.detecting import LEAST, iou

SUBJECTS: dict[str, tuple[tuple[int, ...], ...]] = {
    "100007": ((3,),),
    "101084": ((2,),),
    "107014": ((9,),),
    "108069": ((2,),),
    "123057": ((9,),),
    "134067": ((14,),),
    "141012": ((3,),),
    "163096": ((2,), (3,)),
    "196088": ((10,),),
    "289011": ((19,), (24,)),
    "317043": ((2,),),
    "335088": ((5,),),
    "372019": ((2,),),
    "41029": ((3, 5, 6),),
    "51084": ((12,),),
    "69000": ((3,),),
    "81095": ((4,), (6,)),
}
"""By the picture's name: the labels of each subject's segments."""


def photographs(data: Path) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    """The pictures, float32 RGB in [0, 1], and their subjects' masks, float32.

    Raises:
        InputError: one is missing.
    """
    folder, out = data / "saliency" / "bsds500", []
    for name, subjects in SUBJECTS.items():
        labels = cv2.imread(str(folder / f"{name}_seg.png"), cv2.IMREAD_UNCHANGED)
        if labels is None:
            raise InputError(f"{folder / name}_seg.png is missing; the score on real photographs needs it.")
        image = Picture(folder / f"{name}.jpg", "", held_apart=True).read().astype(np.float32) / 255
        out.append((image, [np.isin(labels, subject).astype(np.float32) for subject in subjects]))
    return out


def measure(detector: Detector, some: list[tuple[np.ndarray, list[np.ndarray]]]) -> tuple[float, float, float]:
    """Mean soft IoU of all that is found with all subjects, share of subjects found (IoU > 0.5), seconds a picture."""
    overlaps, hits, seconds = [], [], []
    for image, subjects in some:
        begun = time.perf_counter()
        found = [d.mask for d in detector(image) if d.score >= LEAST]
        seconds.append(time.perf_counter() - begun)
        said = np.maximum.reduce([np.zeros(image.shape[:2], np.float32), *found])
        overlaps.append(iou(said, np.maximum.reduce(subjects)))
        hits += [max((iou(mask, subject) for mask in found), default=0) > 0.5 for subject in subjects]
    return float(np.mean(overlaps)), float(np.mean(hits)), float(np.mean(seconds))


def rows(data: Path) -> list[str]:
    """A Markdown table: our detector and the classic one on real photographs."""
    some = photographs(data)
    table = [f"| detector, {len(some)} photographs | soft IoU with the subjects | found | s |", "|---|---|---|---|"]
    for name in ("classic", "layersr"):
        overlap, found, seconds = measure(load("detect", name), some)
        table.append(f"| {name} | {overlap:.3f} | {found:.0%} | {seconds:.2f} |")
    return table
