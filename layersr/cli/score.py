"""`layersr score PRED TRUTH`: a layered file against the true one."""

import json
from dataclasses import asdict

import click

from layersr.cli.show import table


@click.command()
@click.argument("pred")
@click.argument("truth")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def score(pred: str, truth: str, as_json: bool) -> None:
    """Score a layered file against the true one.

    PRED may be a whole multiple of TRUTH's size. Elements are the visible layers above the bottom one; the best
    one-to-one assignment of layers to true elements is scored.
    """
    from layersr import documents
    from layersr.score import score as compare

    found, known = documents.read(pred), documents.read(truth)
    result = compare(found, known)
    if as_json:
        click.echo(json.dumps(asdict(result)))
        return
    for line in table(_rows(asdict(result)), right=frozenset({1})):
        click.echo(line)
    matches = [["true element", "layer", "IoU", "colour error"]]
    for match in result.matches:
        names = [" ".join(s.layers[i].name.split()) for s, i in ((known, match.truth), (found, match.pred))]
        matches.append([*names, f"{match.iou:.3f}", f"{match.colour_error:.3f}"])
    if result.matches:
        click.echo()
    for line in table(matches, right=frozenset({2, 3})) if result.matches else []:
        click.echo(line)


def _rows(result: dict) -> list[list[str]]:
    """Figure by figure: name, value, what it means."""
    recomposition = result["recomposition"]
    count = result["elements"]
    return [
        ["recomposition exact", _percent(recomposition["exact"]), "of pixels"],
        ["largest error", f"{recomposition['max_error']:.2f}", "of 255"],
        ["PSNR", "-" if recomposition["psnr"] is None else f"{recomposition['psnr']:.2f}", "dB (- = no error)"],
        ["alpha soft IoU", _number(result["alpha_iou"]), f"mean over {count} true elements, 1 is perfect"],
        ["found", _percent(result["found"]), "of the true elements at an IoU above 0.5"],
        ["false elements", str(result["false_elements"]), "layers that stand for none"],
        ["colour error", _number(result["colour_error"]), "mean |RGB difference|, 0 is perfect"],
        ["order accuracy", _percent(result["order_accuracy"]), "of overlapping pairs"],
        ["edge error", _number(result["edge"]), "mean |alpha difference| where the true matte is soft"],
        ["edge gradient", _number(result["gradient"]), "mean squared difference of the alphas' gradients there"],
        [
            "contamination",
            _number(result["contamination"]),
            "mean |RGB difference| where elements are half transparent",
        ],
        ["hidden area", _number(result["hidden"]), "mean |RGB difference| behind an element that is moved away"],
        ["in pieces", _percent(result["over_segmented"]), "of the true elements are two layers or more"],
        ["stuck together", _percent(result["under_segmented"]), "of the layers hold two true elements or more"],
        *(
            [f"LayerD, {merges} merges", f"{score['rgb']:.4f} / {score['alpha_iou']:.4f}", "RGB L1 / alpha IoU"]
            for merges, score in enumerate(result["layerd"])
        ),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"
