"""Time, size and memory of writing documents: `python tests/benchmarks/documents.py [--side N] [--bits 16] [--huge]`.

A picture and eight soft elements of a quarter of its side are written by layersr in every format and, at 8 bit, by
psd-tools, pyora and Pillow. Every writer runs in a process of its own. The layers lie in files mapped into memory, so
"MB held" is all that the writer itself keeps (RssAnon in Linux's /proc, sampled from outside every 5 ms, Python and
its libraries included); "MB in all" counts the mapped pages too. `--huge` writes a 20000 x 20000 PSB of four layers
instead, each as large as the canvas. Photographs come from `LAYERSR_DATA`, else the project's own samples are used.
Not a test: machines differ. Memory is measured on Linux only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from layersr import color, documents, read_image
from layersr.flattening import flatten
from layersr.layers import Layer, LayerStack
from layersr.strips import cores

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LAYERSR_DATA", ROOT.parent / "shared" / "data"))
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
ROWS = 256
"""Written at a time while the scene is made."""


def textures(side: int, count: int) -> list[np.ndarray]:
    """The most detailed photographs, to be repeated as often as it takes."""
    folder = DATA / "photos"
    found = [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES] if folder.is_dir() else []
    found = found or [*(ROOT / "samples").glob("*.png")]
    detailed = sorted(found, key=lambda path: (-path.stat().st_size, path.name))[:count]
    return [read_image(path).pixels[:side, :side, :3] for path in detailed]


def draw(folder: Path, side: int, sizes: list[int], dtype: np.dtype) -> None:
    """Write a scene: a layer for each size, the first opaque; pixels in files, a few rows at a time."""
    rng, entries = np.random.default_rng(7), []
    pictures = textures(side, len(sizes))
    for number, size in enumerate(sizes):
        picture = pictures[number % len(pictures)]
        picture = np.hstack([picture, picture[:, ::-1]])
        picture = np.vstack([picture, picture[::-1]])  # repeated, it has no seams
        file = folder / f"{number}.npy"
        pixels = np.lib.format.open_memmap(file, "w+", dtype, (size, size, 4))
        across = np.arange(size) % picture.shape[1]
        for first in range(0, size, ROWS):
            down = np.arange(first, min(first + ROWS, size))
            band = picture[down % picture.shape[0]][:, across].astype(dtype)
            if dtype == np.uint16:  # noise below 8 bits, as cameras have it
                band = np.clip(band * np.int32(257) + rng.integers(-90, 91, band.shape), 0, 65535).astype(dtype)
            radius = np.hypot(*np.meshgrid((down - size / 2) / (size / 2), np.linspace(-1, 1, size), indexing="ij"))
            alpha = np.ones_like(radius) if number == 0 else np.clip((0.95 - radius) * 8, 0, 1)
            pixels[down] = np.dstack([band, np.rint(alpha * color.levels(dtype)).astype(dtype)])
        pixels.flush()
        left, top = (int(v) for v in rng.integers(0, side - size + 1, 2))
        entries.append({"file": file.name, "left": left, "top": top})
    (folder / "scene.json").write_text(json.dumps({"side": side, "layers": entries}))


def scene(folder: Path) -> LayerStack:
    """The scene as a stack over mapped files."""
    told = json.loads((folder / "scene.json").read_text())
    layers = [
        Layer(f"layer {n}", np.load(folder / x["file"], mmap_mode="r"), x["left"], x["top"])
        for n, x in enumerate(told["layers"])
    ]
    return LayerStack(told["side"], told["side"], tuple(layers))


def psd_tools(stack: LayerStack, path: Path, merged: np.ndarray | None = None) -> None:
    """Its own save, which composites; or with a merged picture given."""
    from psd_tools import PSDImage

    psd = PSDImage.new("RGB", (stack.width, stack.height))
    for layer in stack.layers:
        psd.create_pixel_layer_from_array(layer.pixels, layer.name, layer.top, layer.left)
    if merged is not None:  # there is no public way
        planes = [np.ascontiguousarray(merged[..., channel]).tobytes() for channel in range(3)]
        psd._record.image_data.set_data(planes, psd._record.header)
        psd._updated = False
    psd.save(path)


def pyora(stack: LayerStack, path: Path) -> None:
    """Layers given as Pillow's pictures, as it wants them."""
    from PIL import Image
    from pyora import Project

    project = Project.new(stack.width, stack.height)
    for layer in stack.layers:
        project.add_layer(Image.fromarray(layer.pixels), layer.name, offsets=(layer.left, layer.top))
    project.save(str(path))


def pillow(stack: LayerStack, path: Path) -> None:
    """One flat picture, the background alone, by Pillow's defaults: to compare with."""
    from PIL import Image

    Image.fromarray(stack.layers[0].pixels).save(path)


def supplied(stack: LayerStack, path: Path) -> Callable[[], None]:
    """psd-tools with a merged picture that was made before the clock starts."""
    merged = flatten(stack)
    return lambda: psd_tools(stack, path, merged)


OURS = {"PSD": "psd", "PSB": "psb", "OpenRaster": "ora", "Krita": "kra", "XCF": "xcf", "folder": ""}
OTHERS: dict[str, tuple[str, Callable[[LayerStack, Path], Callable[[], None]]]] = {
    "psd-tools, own save()": ("psd", lambda stack, path: lambda: psd_tools(stack, path)),
    "psd-tools, merged given": ("psd", supplied),
    "pyora": ("ora", lambda stack, path: lambda: pyora(stack, path)),
    "Pillow, flat PNG": ("png", lambda stack, path: lambda: pillow(stack, path)),
}


def work(name: str, folder: Path, out: Path) -> None:
    """Write by one writer, in this process; prints what it took as JSON."""
    stack = scene(folder)
    path = out / ("x." + (OURS.get(name) if name in OURS else OTHERS[name][0])).rstrip(".")
    job = (lambda: documents.write(stack, path)) if name in OURS else OTHERS[name][1](stack, path)
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        job()
    except ImportError as error:
        print(json.dumps({"missing": error.name}))
        return
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    size = sum(f.stat().st_size for f in (path.iterdir() if path.is_dir() else [path]))
    print(json.dumps({"wall": wall, "cpu": cpu, "size": size}))


def memory(process: int) -> Iterator[tuple[str, float]]:
    """What a process holds now, in MB."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        key, _, value = line.partition(":")
        if key in ("RssAnon", "VmRSS"):
            yield key, int(value.split()[0]) / 1000


def measure(name: str, folder: Path) -> dict:
    """Run one writer in a fresh process and watch it."""
    peak = {"RssAnon": 0.0, "VmRSS": 0.0}
    with tempfile.TemporaryDirectory(dir=folder) as out:
        command = [sys.executable, __file__, "--only", name, "--folder", str(folder), "--out", out]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            while child.poll() is None:
                for key, value in memory(child.pid):
                    peak[key] = max(peak[key], value)
                time.sleep(0.005)
            told = child.stdout.read()
        if child.returncode:
            raise SystemExit(f"{name} failed with exit code {child.returncode}")
    return json.loads(told) | peak


def main() -> None:
    """Make the scene, run every writer on it, print the table and the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--bits", type=int, choices=(8, 16), default=8)
    parser.add_argument("--huge", action="store_true", help="a 20000 x 20000 PSB of four layers")
    parser.add_argument("--ours", action="store_true", help="leave the other writers out")
    parser.add_argument("--place", type=Path, help="where there is room for the scene")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        work(options.only, options.folder, options.out)
        return
    side = 20_000 if options.huge else options.side
    sizes = [side] * 4 if options.huge else [side] + [side // 4] * 8
    names = ["PSB"] if options.huge else [*OURS] + ([] if options.ours or options.bits == 16 else [*OTHERS])
    with tempfile.TemporaryDirectory(dir=options.place) as place:
        draw(Path(place), side, sizes, np.dtype(f"uint{options.bits}"))
        print(f"{side} x {side}, {len(sizes)} layers, {options.bits} bit, {cores()} cores")
        print(f"{'writer':24} {'seconds':>8} {'CPU s':>8} {'file MB':>8} {'MB held':>8} {'MB in all':>10}")
        found = {}
        for name in names:
            told = found[name] = measure(name, Path(place))
            if "missing" in told:
                print(f"{name:24} not measured: the package {told['missing']} is not installed")
                continue
            print(f"{name:24} {told['wall']:8.2f} {told['cpu']:8.2f} {told['size'] / 1e6:8.1f}", end=" ")
            print(f"{told['RssAnon']:8.0f} {told['VmRSS']:10.0f}", flush=True)
    for ours, other in (("PSD", "psd-tools, own save()"), ("OpenRaster", "pyora")):
        if "wall" in found.get(other, {}):
            wall, cpu = (found[other][key] / found[ours][key] for key in ("wall", "cpu"))
            print(f"{ours}: {wall:.1f} times as fast as {other} ({cpu:.1f} in CPU seconds)")


if __name__ == "__main__":
    main()
