"""Time and memory of the job, stage by stage: `python tests/benchmarks/export.py [PICTURE] [--side N] [--scale S]`.

Prints seconds and the peak resident memory (sampled every 10 ms) of every stage, and the totals. Not a test: machines
differ. Memory is measured on Linux only.
"""

import argparse
import tempfile
import threading
import time
from pathlib import Path

import cv2

from layersr import documents
from layersr.images import read_image
from layersr.layers import Image
from layersr.pipeline import run
from layersr.progress import Progress
from layersr.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]


def resident() -> float:
    """Resident memory of this process in MB; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1e6


class Stages:
    """Adds up the time between events under the stage that began it, with its highest memory."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak: dict[str, float] = {}
        self.now, self.since = "start", time.perf_counter()
        self.running = True
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self.running:
            self.peak[self.now] = max(self.peak.get(self.now, 0), resident())
            time.sleep(0.01)

    def __call__(self, event: Progress) -> None:
        stage = event.stage.split(" element")[0] if event.stage.startswith("upscale ") else event.stage
        now = time.perf_counter()
        self.seconds[self.now] = self.seconds.get(self.now, 0) + now - self.since
        self.now, self.since = stage, now


def main() -> None:
    """Run one export and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("picture", nargs="?", type=Path, default=ROOT / "samples" / "still_life.png")
    parser.add_argument("--side", type=int, default=1024, help="the picture is resized to this square (0: as it is)")
    parser.add_argument("--scale", type=int, default=1)
    options = parser.parse_args()
    image = read_image(options.picture)
    if options.side:
        pixels = cv2.resize(image.pixels, (options.side, options.side), interpolation=cv2.INTER_CUBIC)
        image = Image(pixels, image.icc, image.resolution)
    start = resident()
    stages = Stages()
    stack = run(image, Recipe(scale=options.scale), stages)
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".psd", ".ora", ".kra"):
            stages(Progress(f"write {suffix}", 1.0))
            documents.write(stack, Path(folder) / f"out{suffix}")
    stages(Progress("end", 1.0))
    stages.running = False
    size = f"{image.width} x {image.height}, scale {options.scale}"
    print(f"{options.picture.name}: {size}, {len(stack.layers) - 1} elements")
    print(f"{'stage':40} {'seconds':>8} {'peak MB':>8}")
    for stage, seconds in stages.seconds.items():
        if stage not in ("start", "end"):
            print(f"{stage:40} {seconds:8.2f} {stages.peak.get(stage, 0):8.0f}")
    print(f"{'whole':40} {sum(stages.seconds.values()):8.2f} {max(stages.peak.values()):8.0f}")
    print(f"(before the job began: {start:.0f} MB)")


if __name__ == "__main__":
    main()
