"""`layersr doctor`: what is here, what each preset would take, what is broken and what mends it."""

import json
from typing import Any

import click

from layersr.cli import show


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Tell what is installed, which devices and weights are here, what presets would take, and what is broken.

    Exit code 0: all that layersr itself needs works; what else is broken is told, with the command that mends it.
    5: a package that it needs is missing or broken. 6: a network that comes with it is missing.
    """
    from layersr.cli import health

    found = health.examine()
    if as_json:
        click.echo(json.dumps(found))
    else:
        for line in _lines(found):
            click.echo(line)
    ctx.exit(found["code"])


def _lines(found: dict[str, Any]) -> list[str]:
    system = found["system"]
    lines = [f"layersr {found['version']}, Python {system['python']}, {system['platform']}"]
    memory, free = (system[key] / 2**30 for key in ("memory", "free"))
    lines += [f"{system['cores']} cores" + (f", {memory:.1f} GiB of memory ({free:.1f} free)" if memory else ""), ""]
    packages = [[p["name"], p["version"] or "-", p["extra"] or "layersr itself", _state(p)] for p in found["packages"]]
    lines += [*show.table([["package", "version", "for", ""], *packages]), ""]
    lines += [*(f"devices of {runtime}: {', '.join(names)}" for runtime, names in found["devices"].items()), ""]
    if found["presets"]:
        head = ["role", *found["presets"]]
        roles = sorted({role for taken in found["presets"].values() for role in taken})
        lines += show.table([head, *([role, *(t.get(role, "-") for t in found["presets"].values())] for role in roles)])
        lines += [*found["better"], ""]
    here = [[m["name"], m["path"]] for m in found["models"] if m["path"]]
    absent = sum(1 for m in found["models"] if not m["path"])
    lines += [f"weights are kept in {found['home']}; {absent} models are not here (layersr models list)"]
    lines += [f"  {line}" for line in show.table(here)] if here else []
    if found["broken"]:
        lines += ["", "to mend:"]
    for broken in found["broken"]:
        lines += [f"  {broken['what']}", f"    {broken['way']}"]
    return [*lines, "" if found["broken"] else "nothing is broken"]


def _state(package: dict[str, Any]) -> str:
    if package["version"] is None:
        return f"pip install 'layersr[{package['extra']}]'" if package["extra"] else "missing"
    return "does not work" if package["error"] else ""
