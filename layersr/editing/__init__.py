"""stack -> stack by an artist's hand: layers moved, scaled, hidden, merged, recoloured; all else stays to the bit.

from layersr import editing
edited = editing.apply(stack, [editing.Move("eye 1", 120, 0), editing.Recolor("boat", colour="#c03020")])
"""

from layersr.editing.applying import Edited, Models, apply
from layersr.editing.edits import (
    Delete,
    Edit,
    Flip,
    Hide,
    Merge,
    Move,
    Order,
    Raise,
    Recolor,
    Rename,
    Rotate,
    Scale,
    Show,
    Split,
)

__all__ = [
    "Delete",
    "Edit",
    "Edited",
    "Flip",
    "Hide",
    "Merge",
    "Models",
    "Move",
    "Order",
    "Raise",
    "Recolor",
    "Rename",
    "Rotate",
    "Scale",
    "Show",
    "Split",
    "apply",
]
