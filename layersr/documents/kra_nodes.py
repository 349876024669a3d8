"""The nodes of a Krita document's tree: layers, groups and masks, and what each says of itself."""

from itertools import takewhile
from xml.etree.ElementTree import Element

from layersr.documents.kra_spelling import NAMESPACE
from layersr.layers import LOCKS, Locks

TAG = f"{{{NAMESPACE}}}"

KINDS = {
    "adjustmentlayer": "a filter layer",
    "generatorlayer": "a fill layer",
    "shapelayer": "a vector layer",
    "clonelayer": "a clone layer",
    "filelayer": "a file layer",
    "filtermask": "a filter mask",
    "transformmask": "a transform mask",
    "colorizemask": "a colorize mask",
}
"""What has no counterpart in a stack, in words."""


def nodes_of(parent: Element) -> list[Element]:
    """The layers and groups in a group, uppermost first."""
    return parent.findall(f"{TAG}layers/{TAG}layer")


def masks_of(node: Element) -> list[Element]:
    """The masks of a layer or a group; those of a group stand among its layers."""
    return [mask for place in ("masks", "layers") for mask in node.iterfind(f"{TAG}{place}/{TAG}mask")]


def is_group(node: Element) -> bool:
    """Whether layers stand in it."""
    return node.get("nodetype") == "grouplayer"


def is_visible(node: Element) -> bool:
    """Its own switch."""
    return node.get("visible", "1") != "0"


def opacity_of(node: Element) -> float:
    """In [0, 1], in 256 steps."""
    return min(255, max(0, int(node.get("opacity", "255")))) / 255


def place_of(node: Element) -> tuple[int, int]:
    """Where its own column and row 0 lie on the canvas."""
    return int(node.get("x", "0")), int(node.get("y", "0"))


def passes_through(node: Element) -> bool:
    """Whether the layers of a group blend with what is below it."""
    return node.get("passthrough") == "1" or node.get("compositeop") == "passthrough"


def inherits(node: Element) -> bool:
    """Whether a layer shows only where what is below it in its group does."""
    return node.get("channelflags", "").endswith("0")


def locks_of(node: Element) -> Locks:
    """All, or a layer's transparency."""
    if node.get("locked") == "1":
        return LOCKS
    return frozenset({"transparency"}) if node.get("channellockflags", "").endswith("0") else frozenset()


def on_the_lowest(nodes: list[Element]) -> int:
    """How many layers above a group's lowest inherit its transparency alone; in an isolated group they are clipped."""
    paint = [node.get("nodetype") == "paintlayer" for node in nodes]
    if not nodes or not paint[-1] or inherits(nodes[-1]):
        return 0
    above = zip(nodes[-2::-1], paint[-2::-1], strict=True)
    return sum(1 for _ in takewhile(lambda pair: pair[1] and inherits(pair[0]), above))


def is_plain(node: Element) -> bool:
    """Whether a layer only lies there: opaque, shown, normal and without a mask."""
    normal = node.get("compositeop", "normal") == "normal"
    return opacity_of(node) == 1 and is_visible(node) and normal and not masks_of(node)
