"""Every figure against its baselines: `python -m layersr.training.benchmark --data DIR`.

Detecting (composed scenes, real photographs), mattes, infill and alpha: see `layersr/training/scores/`.

Upscaling: PSNR-Y on Set5 and Set14 (DIR/sr), pairs made by the literature's bicubic and rounded to 8 bits, the result
rounded too, `scale` pixels of border left out. Time: the least of several runs, 128 x 128 pixels in, onnxruntime, as
many threads as asked for; all networks take turns, so a busy machine is equally unfair to each.
"""

import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from layersr.backends import load
from layersr.errors import InputError
from layersr.training.pictures import Picture
from layersr.training.resampling import psnr_y, resize

Method = Callable[[np.ndarray], np.ndarray]

ONLY = ("detect", "photographs", "matte", "infill", "alpha", "upscale")


def bicubic(scale: int) -> Method:
    """Bicubic enlargement."""
    return lambda image: resize(image, image.shape[0] * scale, image.shape[1] * scale)


def own(scale: int, name: str = "layersr") -> Method:
    """The network that ships, as the program runs it."""
    model = load("upscale", name)
    return lambda image: model(image, scale)


def rfdn(weights: Path) -> Method:
    """RFDN with its published weights, by torch."""
    import torch

    from layersr.backends.architectures.rfdn import RFDN

    network = RFDN().eval()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))

    def run(image: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            x = torch.from_numpy(image).permute(2, 0, 1)[None] * 255
            return network(x)[0].permute(1, 2, 0).numpy() / 255

    return run


def upscaling(method: Method, folder: Path, scale: int) -> float:
    """Mean PSNR-Y in dB over a folder of originals.

    Raises:
        InputError: the folder has no pictures.
    """
    values = []
    for path in sorted(folder.glob("*.png")):
        image = Picture(path, "", True).read()
        height, width = (n // scale for n in image.shape[:2])
        truth = image[: height * scale, : width * scale].astype(np.float32) / 255
        small = np.round(np.clip(resize(truth, height, width), 0, 1) * 255) / np.float32(255)
        values.append(psnr_y(method(small), truth, scale))
    if not values:
        raise InputError(f"There are no PNG pictures in {folder}.")
    return float(np.mean(values))


def seconds(models: dict[str, Path], threads: int, size: int = 128, runs: int = 7) -> dict[str, float]:
    """The least wall time of one run of each ONNX network."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    sessions = {
        name: onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for name, path in models.items()
    }
    image = np.random.default_rng(0).random((1, 3, size, size), np.float32)
    best = dict.fromkeys(models, float("inf"))
    for _ in range(runs):
        for name, session in sessions.items():
            begun = time.perf_counter()
            session.run(None, {"image": image})
            best[name] = min(best[name], time.perf_counter() - begun)
    return best


def _rfdn_onnx(weights: Path, folder: Path) -> Path:
    import torch

    from layersr.backends.architectures.rfdn import RFDN
    from layersr.training.exporting import export

    network = RFDN().eval()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    path = folder / "rfdn.onnx"
    export(network, torch.rand(1, 3, 128, 128), path, tolerance=0.1)  # its values run 0..255
    return path


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="The project's data folder.")
@click.option("--threads", default=2, show_default=True)
@click.option("--only", type=click.Choice(ONLY), help="One table; all of them else.")
def main(data: Path, threads: int, only: str | None) -> None:
    """Print every figure beside its baselines, as Markdown tables."""
    from layersr.training.scores import alphas, detecting, infilling, matting, real

    tables = {"detect": detecting.rows, "photographs": real.rows, "matte": matting.rows}
    tables |= {"infill": infilling.rows, "alpha": alphas.rows}
    for name, rows in tables.items():
        if only in (None, name):
            click.echo("\n".join(rows(data)) + "\n")
    if only in (None, "upscale"):
        _upscaling_tables(data, threads)


def _upscaling_tables(data: Path, threads: int) -> None:
    import tempfile

    weights = data / "weights" / "rfdn" / "team00_rfdn.pth"
    rows: list[tuple[str, int, Method]] = [("bicubic", 4, bicubic(4)), ("layersr", 4, own(4))]
    rows.append(("layersr-careful", 4, own(4, "layersr-careful")))
    try:
        rows.append(("RFDN", 4, rfdn(weights)))
        with_rfdn = True
    except (ImportError, OSError) as error:
        click.echo(f"RFDN is left out: {error}", err=True)
        with_rfdn = False
    rows += [("bicubic", 2, bicubic(2)), ("layersr", 2, own(2)), ("layersr-careful", 2, own(2, "layersr-careful"))]
    click.echo("| upscale | scale | Set5 PSNR-Y | Set14 PSNR-Y |\n|---|---|---|---|")
    for name, scale, method in rows:
        values = [upscaling(method, data / "sr" / folder, scale) for folder in ("Set5", "Set14")]
        click.echo(f"| {name} | {scale} | {values[0]:.2f} | {values[1]:.2f} |")
    models = Path(__file__).resolve().parent.parent / "models"
    files = {f"layersr x{scale}": models / f"upscale_x{scale}.onnx" for scale in (4, 2)}
    with tempfile.TemporaryDirectory() as folder:
        if with_rfdn:
            files["RFDN x4"] = _rfdn_onnx(weights, Path(folder))
        click.echo(f"\n| network | ms for 128 x 128, {threads} threads |\n|---|---|")
        for name, value in seconds(files, threads).items():
            click.echo(f"| {name} | {value * 1000:.0f} |")


if __name__ == "__main__":
    main()
