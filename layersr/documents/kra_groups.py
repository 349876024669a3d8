"""What Krita shows of groups that pass through, and what is written for it: measured with Krita 5.1.5.

It shows no mask of theirs, and gives their opacity to each of their layers. Isolated, such a group looks as it should
where all in it blends normally; else an opacity looks right on one layer, and a mask never does.
"""

from layersr.documents.kra_spelling import stored_blend
from layersr.groups import blends_normally
from layersr.layers import PASS_THROUGH, Group, LayerStack

Path = tuple[str, ...]


def isolates(stack: LayerStack, path: Path) -> bool:
    """Whether a group that passes through is written as one that does not."""
    group = stack.groups.get(path, Group())
    if group.blend != PASS_THROUGH:
        return False
    return _masked(group) or (group.opacity != 1 and blends_normally(stack, path, stored_blend))


def differs(stack: LayerStack, path: Path) -> bool:
    """Whether Krita shows a group otherwise than the stack means it."""
    group = stack.groups.get(path, Group())
    if group.blend != PASS_THROUGH or blends_normally(stack, path, stored_blend):
        return False
    return _masked(group) or (group.opacity != 1 and sum(_within(layer.group, path) for layer in stack.layers) > 1)


def _masked(group: Group) -> bool:
    return group.mask is not None and group.mask.active


def _within(group: Path, path: Path) -> bool:
    return group[: len(path)] == path
