"""The painting as a time-lapse: stroke by stroke, as an MP4 that browsers play, or a GIF.

OpenCV's wheels bring an FFmpeg that writes VP9 into an MP4, and no H.264. It passes no options to the encoder, which
takes a tenth of a second for each frame, so the film is no larger than it must be.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from layersr.atomic import replacing_file
from layersr.errors import OutputError
from layersr.progress import Progress, Report, silent
from layersr.roadmap.painting import Roadmap
from layersr.roadmap.stages import Picture
from layersr.strokes import paint

SIDE, GIF_SIDE = 720, 480
"""Pixels of the longer side of a film and of a GIF, at most."""

RATE, GIF_RATE = 15, 10
"""Frames a second."""

PAINTING, RESTING = 12, 2
"""Seconds that the painting takes, and that its end stays."""


def frames(roadmap: Roadmap, side: int, count: int) -> Iterator[Picture]:
    """So many pictures of the canvas, from the toned ground to the last stroke.

    Each step has as much time as the root of its number of strokes: the large first ones are worth looking at.
    """
    width, height = roadmap.size
    scale = min(side / max(width, height), roadmap.scale)
    shape = tuple(max(2, 2 * round(length * scale / 2)) for length in (height, width))  # films want even sides
    strokes = roadmap.strokes
    pace = [len(step.strokes) ** 0.5 for step in roadmap.steps for _ in step.strokes]
    times = np.cumsum([1 / p for p in pace])  # a step of n strokes lasts n / sqrt(n)
    canvas = np.full((*shape, 3), roadmap.ground.colour, np.uint8)
    yield canvas
    done = 0
    for n in range(1, count):
        now = n / (count - 1) * times[-1] if strokes else 0
        until = len(strokes) if n == count - 1 else int(np.searchsorted(times, now))
        canvas = paint(canvas, strokes[done:until], scale)
        done = until
        yield canvas


def write_mp4(roadmap: Roadmap, path: Path, report: Report = silent) -> int:
    """Write the film, whole or not at all; how many frames it has.

    Raises:
        OutputError: the place cannot be written, or this OpenCV has no VP9.
    """
    count = RATE * PAINTING
    with replacing_file(path) as temporary, tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "film.mp4"  # the suffix tells FFmpeg what to write
        writer = None
        for n, frame in enumerate(frames(roadmap, SIDE, count)):
            if writer is None:
                code = cv2.VideoWriter_fourcc(*"vp09")
                writer = cv2.VideoWriter(str(draft), cv2.CAP_FFMPEG, code, RATE, frame.shape[1::-1])
                if not writer.isOpened():
                    raise OutputError(
                        "This OpenCV cannot write VP9 films; pip install opencv-python-headless, or write a .gif."
                    )
            writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
            report(Progress("film", n / count))
        for _ in range(RATE * RESTING):
            writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        writer.release()
        shutil.copyfile(draft, temporary)
    return count + RATE * RESTING


def write_gif(roadmap: Roadmap, path: Path, report: Report = silent) -> int:
    """Write the film as a GIF that repeats, whole or not at all; how many frames it has.

    Raises:
        OutputError: the place cannot be written.
    """
    count = GIF_RATE * PAINTING
    pictures = list(frames(roadmap, GIF_SIDE, count))
    table = Pillow.fromarray(pictures[-1]).quantize(256, Pillow.Quantize.MEDIANCUT)
    shown = []
    for n, picture in enumerate(pictures):
        shown.append(Pillow.fromarray(picture).quantize(palette=table, dither=Pillow.Dither.NONE))
        report(Progress("film", n / count))
    times = [1000 // GIF_RATE] * (count - 1) + [1000 * RESTING]
    with replacing_file(path) as temporary:
        shown[0].save(temporary, "GIF", save_all=True, append_images=shown[1:], duration=times, loop=0)
    return count
