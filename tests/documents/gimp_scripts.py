"""GIMP 2.10 asked for more than a picture: what it knows of every layer and group, and documents of its own making."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from apps import gimp_run, rgba


@dataclass(frozen=True)
class Item:
    """A layer or group as GIMP sees it.

    Attributes:
        name: of it.
        path: names of the groups around it, outermost first.
        group: whether it is a group.
        visible: its own switch.
        opacity: in [0, 1].
        place: left, top, width, height.
        mode: GIMP's number.
        spaces: of blending and compositing, GIMP's numbers.
        mask: whether it has one, and whether that counts.
    """

    name: str
    path: tuple[str, ...]
    group: bool
    visible: bool
    opacity: float
    place: tuple[int, ...]
    mode: int
    spaces: tuple[int, int]
    mask: tuple[bool, bool]


_ITEMS = """
(define (tell item path port)
  (let ((name (car (gimp-item-get-name item))) (offsets (gimp-drawable-offsets item))
        (masked (not (= -1 (car (gimp-layer-get-mask item))))))
    (write (list (car (gimp-item-is-group item)) (car (gimp-item-get-visible item)) (car (gimp-layer-get-opacity item))
                 (car offsets) (cadr offsets) (car (gimp-drawable-width item)) (car (gimp-drawable-height item))
                 (car (gimp-layer-get-mode item)) (car (gimp-layer-get-blend-space item))
                 (car (gimp-layer-get-composite-space item)) (if masked 1 0)
                 (if masked (car (gimp-layer-get-apply-mask item)) 0)) port)
    (for-each (lambda (text) (newline port) (display "  " port) (write text port)) (cons name path))
    (newline port)
    (if (= TRUE (car (gimp-item-is-group item))) (each (gimp-item-get-children item) (cons name path) port))))
(define (each items path port)
  (let ((count (car items)) (ids (cadr items)))
    (do ((i 0 (+ i 1))) ((= i count)) (tell (aref ids i) path port))))
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{source}" "{source}")))
       (port (open-output-file "{out}")))
  (each (gimp-image-get-layers image) '() port)
  (close-output-port port))
(gimp-quit 0)
"""


def gimp_items(path: Path) -> list[Item]:
    """Every layer and group of a document, uppermost first, each group before what is in it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.txt"
        gimp_run(_ITEMS.replace("{source}", str(path)).replace("{out}", str(out)), out)
        return list(map(_item, re.split(r"\n(?=\()", out.read_text("utf-8").strip())))


def _item(block: str) -> Item:
    head, *texts = block.split("\n  ")
    group, visible, opacity, *place, mode, blend, composite, masked, active = map(float, head.strip("()").split())
    name, *path = (re.sub(r"\\(.)", r"\1", text.strip()[1:-1]) for text in texts)
    spaces, mask = (int(blend), int(composite)), (bool(masked), bool(active))
    found = tuple(int(value) for value in place)
    return Item(name, tuple(path[::-1]), bool(group), bool(visible), opacity / 100, found, int(mode), spaces, mask)


_SAVE = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{source}" "{source}"))))
  (gimp-xcf-save RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image)) "{out}" "{out}"))
(gimp-quit 0)
"""


def gimp_save(path: Path, out: Path) -> None:
    """Open a document in GIMP and save it as XCF."""
    gimp_run(_SAVE.replace("{source}", str(path)).replace("{out}", str(out)), out)


_MAKE = """
(define (add image name mode parent position width height left top)
  (let ((layer (car (gimp-layer-new image width height RGBA-IMAGE name 100 mode))))
    (gimp-image-insert-layer image layer parent position)
    (gimp-layer-set-offsets layer left top)
    (encoded layer)
    layer))
(define (encoded layer)
  (gimp-layer-set-blend-space layer LAYER-COLOR-SPACE-RGB-PERCEPTUAL)
  (gimp-layer-set-composite-space layer LAYER-COLOR-SPACE-RGB-PERCEPTUAL)
  (gimp-layer-set-composite-mode layer LAYER-COMPOSITE-UNION))
(define (shade drawable from to x y)
  (gimp-context-set-foreground from)
  (gimp-context-set-background to)
  (gimp-context-set-gradient-fg-bg-rgb)
  (gimp-drawable-edit-gradient-fill drawable GRADIENT-LINEAR 0 FALSE 1 0 FALSE 0 0 x y))
(let* ((image (car (gimp-image-new-with-precision 100 70 RGB {precision})))
       (ground (add image "ground" LAYER-MODE-NORMAL 0 0 100 70 0 0))
       (group (car (gimp-layer-group-new image)))
       (soft 0) (mask 0) (inside 0) (over 0))
  (gimp-image-set-resolution image 150 100)
  (shade ground '(200 40 10) '(20 90 250) 100 70)
  (gimp-item-set-name group "Gruppe 猫")
  (gimp-image-insert-layer image group 0 0)
  (gimp-layer-set-mode group LAYER-MODE-MULTIPLY)
  (encoded group)
  (gimp-layer-set-opacity group 60)
  (set! soft (add image "soft" LAYER-MODE-NORMAL group 0 60 50 -8 12))
  (shade soft '(10 220 30) '(240 240 90) 60 0)
  (set! mask (car (gimp-layer-create-mask soft ADD-MASK-WHITE)))
  (gimp-layer-add-mask soft mask)
  (shade mask '(255 255 255) '(0 0 0) 60 50)
  (set! inside (add image "screened" LAYER-MODE-SCREEN group 0 40 64 40 3))
  (shade inside '(90 0 90) '(0 90 180) 0 64)
  (gimp-layer-set-opacity inside 40)
  (set! mask (car (gimp-layer-create-mask group ADD-MASK-WHITE)))
  (gimp-layer-add-mask group mask)
  (shade mask '(30 30 30) '(255 255 255) 80 0)
  (set! over (add image "over" LAYER-MODE-NORMAL 0 0 30 30 60 -10))
  (gimp-context-set-foreground '(250 250 20))
  (gimp-context-set-feather TRUE)
  (gimp-context-set-feather-radius 8 8)
  (gimp-image-select-ellipse image CHANNEL-OP-REPLACE 62 -8 26 26)
  (gimp-drawable-edit-fill over FILL-FOREGROUND)
  (gimp-selection-none image)
  (gimp-item-set-visible (add image "hidden" LAYER-MODE-NORMAL 0 0 9 9 1 1) FALSE)
  (gimp-xcf-save RUN-NONINTERACTIVE image ground "{out}" "{out}")
  (let ((layer (car (gimp-image-merge-visible-layers image CLIP-TO-IMAGE))))
    (gimp-layer-resize-to-image-size layer)
    (file-png-save RUN-NONINTERACTIVE image layer "{picture}" "{picture}" 0 1 0 0 0 0 0)))
(gimp-quit 0)
"""


def gimp_make(out: Path, bits: int) -> np.ndarray:
    """Have GIMP make a document with a group, masks and modes, and save it.

    Returns:
        what GIMP flattens it to, straight RGBA.
    """
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.png"
        words = {"{out}": str(out), "{picture}": str(picture), "{precision}": {8: "150", 16: "250", 32: "650"}[bits]}
        script = _MAKE
        for word, value in words.items():
            script = script.replace(word, value)
        gimp_run(script, picture)
        return rgba(picture.read_bytes())
