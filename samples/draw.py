"""Draw the sample pictures with their true layers: `python samples/draw.py [--out DIR] [--size N] [SCENE ...]`.

Every picture is painted from seeds alone (NumPy and OpenCV; no downloads, no fonts), so the same versions draw the same
bytes. Beside each `NAME.png` stands `NAME.truth.ora`, the stack it was flattened from.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from scenes.studio import Picture  # noqa: E402

from layersr.layers import LayerStack, flatten  # noqa: E402

SCENES = ("ocean_of_eyes", "still_life", "portrait", "poster", "smoke_and_glass", "quiet_dusk", "balloons")


def draw(name: str, size: int | None = None) -> LayerStack:
    """One scene's true stack, back to front; `size` is the longer side in pixels (the scene's own by default)."""
    scene = import_module(f"scenes.{name}")
    width, height = scene.SIZE
    picture = Picture(name, width, height, 1.0 if size is None else size / max(width, height))
    scene.draw(picture)
    return picture.stack()


def png(stack: LayerStack) -> bytes:
    """The flattened picture as the bytes of an 8-bit RGB PNG."""
    pixels = flatten(stack)[..., 2::-1]
    return cv2.imencode(".png", np.ascontiguousarray(pixels), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()


def main() -> None:
    """Draw the scenes named (all by default)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenes", nargs="*", choices=[*SCENES, []], help="scenes to draw (all)")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--size", type=int, help="longer side in pixels")
    options = parser.parse_args()
    from layersr.documents import write

    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.scenes or SCENES:
        stack = draw(name, options.size)
        (options.out / f"{name}.png").write_bytes(png(stack))
        write(stack, options.out / f"{name}.truth.ora")
        print(f"{name}: {stack.width} x {stack.height}, {len(stack.layers)} layers", file=sys.stderr)


if __name__ == "__main__":
    main()
