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


def mixed(first: onnx.ModelProto, second: onnx.ModelProto, share: float) -> onnx.ModelProto:
    """The first network with every weight moved towards the second's, by this share of the way.

    Raises:
        ValueError: they are not of one architecture.
    """
    others = {weight.name: numpy_helper.to_array(weight) for weight in second.graph.initializer}
    out = onnx.ModelProto()
    out.CopyFrom(first)
    for weight in out.graph.initializer:
        own, other = numpy_helper.to_array(weight), others.get(weight.name)
        if other is None or other.shape != own.shape or other.dtype != own.dtype:
            raise ValueError(f"{weight.name} is not the same kind of weight in both.")
        if np.issubdtype(own.dtype, np.floating):
            moved = own.astype(np.float64) * (1 - share) + other.astype(np.float64) * share
            weight.CopyFrom(numpy_helper.from_array(moved.astype(own.dtype), weight.name))
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
