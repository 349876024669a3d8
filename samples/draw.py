"""Draw the sample pictures with their true layers: `python samples/draw.py [--out DIR] [--size N] [SCENE ...]`.

Every picture is painted from seeds alone (NumPy and OpenCV; no downloads, no fonts), so the same versions draw the same
bytes. Beside each `NAME.png` stands `NAME.truth.ora`, the stack it was flattened from.
"""

import argparse
import io
import sys
import zipfile
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from scenes.studio import Picture  # noqa: E402

from layersr.documents import write  # noqa: E402
from layersr.flattening import flatten  # noqa: E402
from layersr.layers import LayerStack  # noqa: E402

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
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(flatten(stack)[..., :3])).save(file, "PNG", optimize=True)
    return file.getvalue()


def pack(path: Path) -> None:
    """Press the PNGs of an OpenRaster file as small as they go: the writer is made for speed, a repository for size."""
    file = io.BytesIO()
    with zipfile.ZipFile(path) as loose, zipfile.ZipFile(file, "w") as packed:
        for member in loose.infolist():
            data = loose.read(member)
            if member.filename.endswith(".png"):
                with Image.open(io.BytesIO(data)) as image:
                    pressed = io.BytesIO()
                    image.save(pressed, "PNG", optimize=True, icc_profile=image.info.get("icc_profile"))
                data = min(data, pressed.getvalue(), key=len)
            packed.writestr(member, data)
    path.write_bytes(file.getvalue())


def main() -> None:
    """Draw the scenes named (all by default)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"what to draw (all): {', '.join(SCENES)}")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (beside this script)")
    parser.add_argument("--size", type=int, help="longer side in pixels (each scene's own)")
    options = parser.parse_args()
    if unknown := set(options.scenes) - set(SCENES):
        parser.error(f"there is no scene {', '.join(sorted(unknown))}; there are {', '.join(SCENES)}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.scenes or SCENES:
        stack = draw(name, options.size)
        document = options.out / f"{name}.truth.ora"
        (options.out / f"{name}.png").write_bytes(png(stack))
        write(stack, document)
        pack(document)
        print(f"{name}: {stack.width} x {stack.height}, {len(stack.layers)} layers", file=sys.stderr)


if __name__ == "__main__":
    main()
