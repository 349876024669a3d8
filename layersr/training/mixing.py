"""Between two networks: `python -m layersr.training.mixing FIRST.onnx SECOND.onnx --share 0.7 --out MIXED.onnx`.

A network that learns something new forgets some of what it knew. Where the second was trained on from the first, the
networks on the line between them keep most of both (M. Wortsman et al., *Robust fine-tuning of zero-shot models*, CVPR
2022).
"""

from pathlib import Path

import click
import numpy as np
import onnx
from onnx import numpy_helper

from layersr.training.storing import held, steps


def mixed(first: onnx.ModelProto, second: onnx.ModelProto, share: float) -> onnx.ModelProto:
    """The first network with every weight moved towards the second's, by this share of the way.

    Raises:
        ValueError: they are not of one architecture.
    """
    own, other = held(first), held(second)
    out = onnx.ModelProto()
    out.CopyFrom(first)
    for weight in out.graph.initializer:
        name, _, kind = weight.name.rpartition(".")
        name = name if kind in ("half", "byte", "step") else weight.name
        if name not in other or other[name].shape != own[name].shape:
            raise ValueError(f"{name} is not the same kind of weight in both.")
        if weight.data_type in (onnx.TensorProto.INT32, onnx.TensorProto.INT64):
            continue
        moved = (own[name].astype(np.float64) * (1 - share) + other[name].astype(np.float64) * share).astype(np.float32)
        if kind in ("byte", "step"):
            moved = steps(moved)[kind == "step"]
        weight.CopyFrom(numpy_helper.from_array(moved.astype(numpy_helper.to_array(weight).dtype), weight.name))
    return out


@click.command()
@click.argument("first", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("second", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--share", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="0: the first, 1: the second."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def main(first: Path, second: Path, share: float, out: Path) -> None:
    """Write a network between two of one architecture."""
    try:
        result = mixed(onnx.load(first), onnx.load(second), share)
    except ValueError as error:
        raise click.UsageError(f"{first} and {second} are not of one architecture: {error}") from error
    part = out.with_suffix(".part")
    onnx.save(result, part)
    part.replace(out)


if __name__ == "__main__":
    main()
