"""`layersr inspect FILE`: what is in a layered file."""

import json
from typing import TYPE_CHECKING, Any

import click

from layersr.cli.show import table

if TYPE_CHECKING:
    from layersr.layers import LayerStack


@click.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; layers from bottom to top.")
def inspect(file: str, as_json: bool) -> None:
    """List the layers of a file, the top one first.

    FILE is a .psd, .psb, .ora, .kra, .xcf or a folder layersr wrote.
    """
    from layersr import documents

    stack = documents.read(file)
    if as_json:
        found = {"layers": listing(stack), "groups": group_listing(stack)}
        click.echo(json.dumps({"width": stack.width, "height": stack.height, **found}))
        return
    bits = 8 * stack.dtype.itemsize
    resolution = f", {stack.resolution[0]:g} ppi" if stack.resolution else ""
    count = f"{len(stack.layers)} layer{'s' * (len(stack.layers) != 1)}"
    click.echo(f"{file}: {stack.width} x {stack.height}, {bits} bit{resolution}, {count}")
    rows = [["", "name", "width", "height", "left", "top", "opacity", "blend", "shown", "group"]]
    for index, layer in reversed(list(enumerate(stack.layers))):
        numbers = [str(value) for value in (layer.width, layer.height, layer.left, layer.top)]
        name = " ".join(layer.name.split())
        shown = ("yes" if layer.visible else "no") + (", masked" if layer.mask is not None else "")
        shown += ", locked" if layer.locks else ""
        rows.append([str(index), name, *numbers, f"{layer.opacity:.0%}", layer.blend, shown, " / ".join(layer.group)])
    for line in table(rows, right=frozenset({0, 2, 3, 4, 5, 6})):
        click.echo(line)
    for group in group_listing(stack):
        looks = [f"{group['opacity']:.0%}", group["blend"]]
        looks += ["masked"] * group["mask"] + ["hidden"] * (not group["visible"]) + ["locked"] * bool(group["locks"])
        click.echo(f"group {' / '.join(group['path'])}: {', '.join(looks)}")
    for note in stack.notes:
        click.echo(f"note: {note}", err=True)


def group_listing(stack: "LayerStack") -> list[dict[str, Any]]:
    """The groups that are more than folders, as JSON values."""
    return [
        {
            "path": list(path),
            **{name: getattr(group, name) for name in ("opacity", "visible", "blend")},
            "mask": group.mask is not None,
            "locks": sorted(group.locks),
        }
        for path, group in stack.groups.items()
    ]


def listing(stack: "LayerStack") -> list[dict[str, Any]]:
    """The layers as JSON values, bottom to top."""
    names = ("name", "left", "top", "width", "height", "opacity", "visible", "blend")
    return [
        {
            **{name: getattr(layer, name) for name in names},
            "group": list(layer.group),
            "mask": layer.mask is not None,
            "locks": sorted(layer.locks),
        }
        for layer in stack.layers
    ]
