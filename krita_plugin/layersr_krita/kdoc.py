"""Everything that is asked of Krita's documents. All of Krita's API that can crash is avoided here, and only here.

Measured in Krita 5.1.5 to 5.3.4: a detached group filled by `setChildNodes` and then added is one undo step; layers of
another colour space in a 16-bit document crash Krita when it exports, so everything is converted before it goes in.
"""

from krita import Krita

from . import pictures


class Place:
    """A document and a node in it, as they were when a job began; both may be gone when it ends.

    Attributes:
        width: of the document, pixels.
        height: likewise.
        space: colour model, depth and profile name of the document.
        raw: the picture was handed out in the document's own numbers, not converted to 8-bit sRGB.
    """

    def __init__(self, document, node):
        self.document, self.node = document, node
        self.width, self.height = document.width(), document.height()
        self.space = (document.colorModel(), document.colorDepth(), document.colorProfile())
        self.raw = self.space[0] == "RGBA" and self.space[1] in ("U8", "U16")

    def open(self) -> bool:
        """Whether the document is still open."""
        return any(document == self.document for document in Krita.instance().documents())


def active():
    """The active document's place, or None."""
    document = Krita.instance().activeDocument()
    if document is None:
        return None
    node = document.activeNode()
    while node is not None and node.type().endswith("mask"):  # a mask is active: its layer is meant
        node = node.parentNode()
    if node is not None and node.parentNode() is None:  # Krita's own selection mask hangs on the root
        node = next((n for n in reversed(node.childNodes()) if not n.type().endswith("mask")), None)
    return Place(document, node)


def picture(place, layer_only: bool):
    """What the document shows, or what its active layer does by itself."""
    document, node = place.document, place.node
    at = (0, 0, place.width, place.height)
    if not layer_only:
        if place.raw:
            return pictures.from_pixels(bytes(document.pixelData(*at)), place.width, place.height, place.space[1])
        return document.projection(*at)
    own = (node.colorModel(), node.colorDepth()) == place.space[:2]
    if place.raw and own:
        return pictures.from_pixels(bytes(node.projectionPixelData(*at)), place.width, place.height, place.space[1])
    return _projection_of(place, node.clone())


def _projection_of(place, *nodes):
    """What these detached nodes show, as 8-bit sRGB."""
    helper = Krita.instance().createDocument(place.width, place.height, "layersr", *place.space, 100.0)
    try:
        for old in helper.topLevelNodes():
            old.remove()
        helper.rootNode().setChildNodes(list(nodes))
        helper.refreshProjection()
        helper.waitForDone()
        return helper.projection(0, 0, place.width, place.height)
    finally:
        helper.setModified(False)
        helper.close()


def below(place):
    """What the document shows without the active layer and all that lies above it, and where that layer is opaque.

    Returns:
        the picture, as `picture` gives it, and a grey picture.
    """
    mask = pictures.alpha_of(_projection_of(place, place.node.clone()))
    copy = place.document.clone()
    try:
        node, above = _at(copy, _path(place.node)), []
        above.append(node)
        while node.parentNode() is not None:
            siblings = node.parentNode().childNodes()
            above += siblings[_index(node) + 1 :]
            node = node.parentNode()
        for other in above:
            other.setVisible(False)
        copy.refreshProjection()
        copy.waitForDone()
        return picture(Place(copy, None), False), mask
    finally:
        copy.setModified(False)
        copy.close()


def _index(node):
    """Which child of its parent a node is, counted from the bottom."""
    return next(i for i, other in enumerate(node.parentNode().childNodes()) if other == node)


def _path(node):
    """The indices that lead to a node from the root."""
    path = []
    while node.parentNode() is not None:
        path.insert(0, _index(node))
        node = node.parentNode()
    return path


def _at(document, path):
    node = document.rootNode()
    for index in path:
        node = node.childNodes()[index]
    return node


def selection(place):
    """What is selected, as a grey picture of the document's size and as the box left, top, width, height; or None."""
    chosen = place.document.selection()
    if chosen is None:
        return None
    left, top = max(0, chosen.x()), max(0, chosen.y())
    width = min(place.width, chosen.x() + chosen.width()) - left
    height = min(place.height, chosen.y() + chosen.height()) - top
    if width <= 0 or height <= 0:
        return None
    part = pictures.from_selection(bytes(chosen.pixelData(left, top, width, height)), width, height)
    if pictures.is_empty(part):
        return None
    return pictures.placed(part, left, top, place.width, place.height), (left, top, width, height)


def open_hidden(path):
    """A document opened without a view, or None."""
    document = Krita.instance().openDocument(path)
    if document is not None:
        document.setBatchmode(True)
    return document


def convert(document, place):
    """Give a hidden document a place's colours: the same numbers where those were handed out, else the same look."""
    model, depth, profile = place.space
    if place.raw:
        if document.colorDepth() != depth:
            document.setColorSpace(model, depth, document.colorProfile())
            document.waitForDone()
        if document.colorProfile() != profile:
            document.setColorProfile(profile)
    else:
        document.setColorSpace(model, depth, profile)
    document.waitForDone()


def adopt(hidden, place, name, under=False):
    """Put the layers of a hidden document into a group above the place's node (or below it): one undo step.

    Args:
        hidden: in the place's colours already.
        place: open.
        name: of the group; a single layer goes in by itself and gets it.
        under: below the node instead of above it; there must be something below it.
    """
    document, node = place.document, place.node
    nodes = [layer.clone() for layer in hidden.rootNode().childNodes()]
    if len(nodes) == 1:
        added = nodes[0]
        added.setName(name)
    else:
        added = document.createGroupLayer(name)
        added.setChildNodes(nodes)
    if node is None or node.parentNode() is None:
        document.rootNode().addChildNode(added, None)
    elif not under:
        node.parentNode().addChildNode(added, node)
    else:
        # Krita adds above a node: so above the one below, or, at the bottom of a group, below the group
        while _index(node) == 0 and node.parentNode().parentNode() is not None:
            node = node.parentNode()
        node.parentNode().addChildNode(added, node.parentNode().childNodes()[max(0, _index(node) - 1)])
    document.setActiveNode(added)
    document.refreshProjection()


def show(path, name):
    """Open a result as a document of its own, that has no file yet; its document, or None."""
    document = open_hidden(path)
    if document is None:
        return None
    document.setBatchmode(False)
    document.setName(name)
    document.setFileName("")  # the file it came from is gone soon, and saving must ask where to
    Krita.instance().activeWindow().addView(document)
    document.setModified(True)
    return document


def thumbnail(place, side):
    """A small picture of the document, at most so many pixels a side."""
    factor = min(1.0, side / max(place.width, place.height))
    return place.document.thumbnail(max(1, int(place.width * factor)), max(1, int(place.height * factor)))
