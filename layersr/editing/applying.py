"""Edits done one after the other, each to what the one before it left."""

from collections.abc import Sequence
from dataclasses import dataclass

from layersr.editing import edits as kinds
from layersr.editing import holes, places
from layersr.editing.edits import Edit
from layersr.editing.merging import among, merged
from layersr.editing.naming import renamed
from layersr.editing.ordering import ordered, raised
from layersr.editing.recolouring import recoloured
from layersr.editing.selecting import Unit, named, quoted, selected
from layersr.editing.showing import seen, still_hidden, without
from layersr.editing.splitting import Peel, split
from layersr.editing.travels import measured
from layersr.errors import UsageError
from layersr.layers import LayerStack
from layersr.progress import Progress, Report, silent
from layersr.roles import Infiller
from layersr.travel import safe_travel

LISTED = 4
"""So many names stand in a sentence."""


@dataclass(frozen=True)
class Models:
    """What some edits need, already loaded.

    Attributes:
        infill: continues what an edit lays bare; None leaves gaps, and says so.
        peel: takes a layer apart; only a split needs it.
    """

    infill: Infiller | None = None
    peel: Peel | None = None


@dataclass(frozen=True, eq=False)
class Edited:
    """What became of a stack.

    Attributes:
        stack: the result.
        steps: what was done, a sentence an edit.
        warnings: what a person should look at.
    """

    stack: LayerStack
    steps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def apply(
    stack: LayerStack, edits: Sequence[Edit], models: Models | None = None, report: Report = silent, fill: bool = True
) -> Edited:
    """The stack after some edits, in their order.

    Laws: where no edited layer, nor its shadow, glow or what was painted in its place, shows before or after, every
    pixel of the flattened picture stays, bit for bit. Layers that an edit does not concern are the same objects; what
    a document tells of their safe travel is true of the result. An edit that asks for nothing (a move by 0, 0; a scale
    by 1) gives the stack back.

    Args:
        stack: any document.
        edits: what to do.
        models: what some of them need; without `infill` gaps are told and left.
        report: hears how far it is.
        fill: whether gaps are meant to be painted; only for the words, where there is no model (a dry run).

    Raises:
        UsageError: a name matches nothing, or an edit asks for what cannot be.
    """
    job, before = _Job(models or Models(), fill), stack
    for n, edit in enumerate(edits):
        report(Progress("edit", n / max(1, len(edits)), edit.target))
        stack = job.done(stack, edit)
    report(Progress("edit", 1.0))
    after = stack if stack is before else measured(stack)
    return Edited(after, tuple(job.steps), tuple(dict.fromkeys(job.warnings)))


class _Job:
    """The edits of one call, and what is told of them."""

    def __init__(self, models: Models, fill: bool) -> None:
        self.models, self.fill = models, fill
        self.steps: list[str] = []
        self.warnings: list[str] = []

    def done(self, stack: LayerStack, edit: Edit) -> LayerStack:
        """The stack after one edit."""
        if isinstance(edit, kinds.Order):
            return self._ordered(stack, edit)
        if isinstance(edit, kinds.Merge):
            return self._merged(stack, edit)
        units = selected(stack, edit.target)
        if isinstance(edit, kinds.Rename):
            return self._renamed(stack, edit, units)
        if isinstance(edit, kinds.Split):
            return self._split(stack, edit, units)
        self.steps.append(f"{_named(stack, units)}: {_words(edit)}")
        if isinstance(edit, kinds.Recolor):
            chosen = {n for unit in units for n in unit.layers if unit.group is None or not stack.layers[n].is_cast}
            layers = (recoloured(x, edit) if n in chosen else x for n, x in enumerate(stack.layers))
            return stack.with_layers(tuple(layers))
        if isinstance(edit, kinds.Raise):
            after, told = raised(stack, units, edit.steps)
            self.warnings += told
            return self._closed(stack, after)
        if isinstance(edit, kinds.Delete):
            gone = Unit(tuple(sorted({n for unit in units for n in unit.all})))
            return self._closed(stack, without(stack, gone))
        if isinstance(edit, kinds.Hide | kinds.Show):
            return self._seen(stack, units, isinstance(edit, kinds.Show))
        return self._placed(stack, units, edit)

    def _seen(self, stack: LayerStack, units: Sequence[Unit], visible: bool) -> LayerStack:
        after = stack
        for unit in units:
            after = seen(after, unit, visible)
        for unit in units if visible else ():
            self.warnings += still_hidden(after, unit)
        return self._closed(stack, after)

    def _placed(self, stack: LayerStack, units: Sequence[Unit], edit: Edit) -> LayerStack:
        maps = [(unit, places.affine(stack, unit, edit)) for unit in units]
        maps = [(unit, matrix) for unit, matrix in maps if (matrix != places.STILL).any()]
        if not maps:
            return stack
        if isinstance(edit, kinds.Move) and len(units) == 1:  # safe travel is that of one thing by itself
            self._beyond_travel(stack, units[0], edit)
        after, gaps = holes.continued(stack, maps, self.models.infill)
        self._tell(gaps)
        for unit, matrix in maps:
            after = places.transformed(after, unit, matrix)
        for n in (n for unit, _ in maps for n in unit.layers):
            canvas, _ = after.layers[n].on_canvas(after.width, after.height)
            if after.layers[n].pixels.size and canvas[0].start == canvas[0].stop:
                self.warnings.append(f"{quoted([after.layers[n].name])} lies wholly off the canvas now.")
        return self._closed(stack, after)

    def _closed(self, before: LayerStack, after: LayerStack) -> LayerStack:
        after, gaps = holes.closed(before, after, self.models.infill)
        self._tell(gaps)
        return after

    def _tell(self, gaps: Sequence[holes.Gap]) -> None:
        ending = {
            (True, True): "it was continued, invented",
            (True, False): "it would be continued, invented",
        }.get((self.fill, self.models.infill is not None), "it was left so (--no-fill)")
        for gap in gaps:
            if gap.cut:
                sides = " and ".join(gap.cut)
                self.warnings.append(f"{quoted([gap.name])} was cut off by the canvas, {sides}; that cut is seen now.")
                continue
            self.warnings.append(f"{quoted([gap.name])} ended where it is seen now, {gap.pixels} pixels; {ending}.")

    def _beyond_travel(self, stack: LayerStack, unit: Unit, edit: kinds.Move) -> None:
        """A sentence about each element that moves farther than it can without a gap."""
        of_ours = [n for n in unit.layers if n and stack.layers[n].provenance is not None and stack.layers[n].visible]
        if not of_ours or unit.group is not None:  # in a group things move together: what they bare is told as a gap
            return
        ways = safe_travel(stack)
        for n in of_ours:
            wanted = {"right": edit.right, "left": -edit.right, "down": edit.down, "up": -edit.down}
            for way, steps in wanted.items():
                safe = getattr(ways[n], way)
                if steps > 0 and safe is not None and steps > safe:
                    name = quoted([stack.layers[n].name])
                    self.warnings.append(f"{name} moves {steps} px {way}, {steps - safe} more than its safe {safe}.")

    def _ordered(self, stack: LayerStack, edit: kinds.Order) -> LayerStack:
        names = edit.target.splitlines()
        after, told = ordered(stack, names)
        self.steps.append(f"{len(names)} name{'s' * (len(names) != 1)}: in order, the top one first")
        self.warnings += told
        return self._closed(stack, after)

    def _merged(self, stack: LayerStack, edit: kinds.Merge) -> LayerStack:
        asked = [stack.layers[n].name for n in among(stack, edit.target)]
        after, told = merged(stack, edit.target)
        self.steps.append(f"{quoted(asked)}: merged as {quoted(asked[:1])}")
        self.warnings += told
        return after

    def _renamed(self, stack: LayerStack, edit: kinds.Rename, units: Sequence[Unit]) -> LayerStack:
        if len(units) > 1:
            raise UsageError(f"“{edit.target}” names {len(units)}: {_named(stack, units)}; rename them one by one.")
        self.steps.append(f"{named(stack, units[0])}: renamed “{edit.name}”")
        return renamed(stack, units[0], edit.name)

    def _split(self, stack: LayerStack, edit: kinds.Split, units: Sequence[Unit]) -> LayerStack:
        if self.models.peel is None:
            raise UsageError("To split a layer a model is needed that takes it apart: `Models(peel=...)`.")
        for layer in [stack.layers[n] for unit in units for n in unit.layers if not stack.layers[n].is_cast]:
            before = len(stack.layers)
            stack, told = split(stack, stack.layers.index(layer), self.models.peel)
            self.steps.append(f"{quoted([layer.name])}: {len(stack.layers) - before + 1} layers")
            self.warnings += told
        return stack


def _named(stack: LayerStack, units: Sequence[Unit]) -> str:
    more = f" and {len(units) - LISTED} more" if len(units) > LISTED else ""
    return ", ".join(named(stack, unit) for unit in units[:LISTED]) + more


def _words(edit: Edit) -> str:
    """What an edit does, in a few words."""
    match edit:
        case kinds.Move():
            return f"moved by {edit.right}, {edit.down}"
        case kinds.Scale():
            return f"scaled by {edit.factor:g}"
        case kinds.Rotate():
            return f"turned by {edit.degrees:g} degrees"
        case kinds.Flip():
            return "mirrored, left to right" if edit.axis == "h" else "mirrored, top to bottom"
        case kinds.Raise():
            return f"{'raised' if edit.steps > 0 else 'lowered'} by {abs(edit.steps)}"
        case kinds.Recolor():
            return f"recoloured{f' towards {edit.colour}' * bool(edit.colour)}"
    return {kinds.Hide: "hidden", kinds.Show: "shown", kinds.Delete: "deleted"}[type(edit)]
