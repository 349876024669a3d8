"""`python -m layersr.training NAME`: train one network, score it, and write it as ONNX."""

import sys
from pathlib import Path

import click

MODELS = Path(__file__).resolve().parent.parent / "models"


def tasks() -> dict[str, object]:
    """Every network that can be trained, by name."""
    from layersr.training.detect import DetectTask
    from layersr.training.guided_alpha import GuidedAlphaTask
    from layersr.training.refine import RefineTask
    from layersr.training.structure import StructureTask
    from layersr.training.upscale import UpscaleTask

    found = [UpscaleTask(4, blocks=5), UpscaleTask(2, variant="_deep", begins_as="upscale_x4")]
    found += [UpscaleTask(2, blocks=2, begins_as="upscale_x2_deep")]
    found += [RefineTask(), GuidedAlphaTask()]
    found += [StructureTask(), DetectTask()]
    found += [DetectTask(name="detect_subjects", real=True, sides=(224, 256, 288), begins_as="detect_topmost")]
    return {task.name: task for task in found}


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.argument("name")
@click.option("--minutes", default=60.0, help="Training time in all, earlier runs included.")
@click.option("--steps", type=int, help="Stop after so many steps, if the minutes have not run out before.")
@click.option("--device", default="auto", help="cpu, cuda, ..., or auto.")
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of pictures.")
@click.option("--out", type=click.Path(path_type=Path), default=MODELS, help="Where NAME.onnx goes.")
@click.option("--checkpoints", type=click.Path(path_type=Path), default=Path("checkpoints"))
@click.option("--begin", type=click.Path(path_type=Path, exists=True), help="Start from the weights of an ONNX file.")
@click.option("--rate", type=float, help="Learning rate; fine-tuning wants a tenth of the recipe's.")
@click.option("--batch", type=int, help="Examples a step, at the recipe's smallest size; a GPU wants some 100.")
@click.option("--workers", default=0, help="Processes that make the batches; 0: between the steps.")
@click.option("--again", default=1, help="Steps for each batch made, varied where the recipe knows how.")
@click.option("--pool", is_flag=True, help="Put scenes together on the device, of parts that the workers make.")
@click.option("--compile", "compiled", is_flag=True, help="Have torch compile the network.")
@click.option("--seed", default=0)
def main(
    name: str,
    minutes: float,
    steps: int | None,
    device: str,
    data: Path,
    out: Path,
    checkpoints: Path,
    begin: Path | None,
    rate: float | None,
    batch: int | None,
    workers: int,
    again: int,
    pool: bool,
    compiled: bool,
    seed: int,
) -> None:
    """Train the network NAME, taking up its checkpoint if there is one.

    Interrupted, the same command goes on. With more --minutes, a finished training goes on from where its learning
    rate was still level.

    To fine-tune on your own pictures: --data YOURS --begin layersr/models/NAME.onnx --rate 2e-4 --out ELSEWHERE
    """
    try:
        import torch

        found = tasks()
    except ImportError as error:
        raise click.ClickException(f"Training needs a package that is missing ({error}). "
                                   "Run: pip install 'layersr[train]'") from error  # fmt: skip
    if name not in found:
        raise click.UsageError(f"No network is named {name!r}. Choose one of: {', '.join(found)}.")
    if pool and not name.startswith("detect_"):
        raise click.UsageError("Only detectors learn from a pool; leave --pool out.")
    if pool and not workers:
        raise click.UsageError("A pool is filled by processes: say how many with --workers.")
    from layersr.errors import LayersrError
    from layersr.training import exporting, feeding, loop
    from layersr.training.pool import pooled

    task = found[name]
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        if rate:
            task.lr = rate
        if batch:
            task.batch = batch
        task.prepare(data, seed)
    except LayersrError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    if told := getattr(task, "told", ""):
        click.echo(told, err=True)  # what is missing there is missing in what it learns
    network, state = loop.train(
        task,
        minutes,
        steps=steps,
        device=torch.device(device),
        checkpoints=checkpoints,
        begin=exporting.weights(begin) if begin else None,
        workers=workers,
        again=again,
        feed=pooled if pool else feeding.batches,
        compiled=compiled,
        seed=seed,
    )
    path = out / f"{name}.onnx"
    difference = exporting.export(network, task.example(), path, stored=task.stored)
    exporting.update_card(path.with_suffix(".md"), exporting.facts(path) | {k: state[k] for k in ("minutes", "steps")})
    click.echo(f"{path}  {state['score']} {task.unit} held apart, {state['steps']} steps, "
               f"differs from torch by {difference:.1g}")  # fmt: skip


if __name__ == "__main__":
    main()
