"""Runs in Krita, by kritarunner: tells of each document its nodes and their pixels. No numpy here.

Arguments: a file with paths as JSON, the file to tell in, and the file that takes the pixels.
"""

import json

from krita import Krita


def main(arguments):
    listed, told, raw = arguments
    with open(listed, encoding="utf-8") as file:
        paths = json.load(file)
    Krita.instance().setBatchmode(True)  # no dialogs
    with open(raw, "wb") as pixels:
        found = [_document(path, pixels) for path in paths]
    with open(told, "w", encoding="ascii") as file:
        json.dump({"version": Krita.instance().version(), "documents": found}, file)


def _document(path, pixels):
    document = Krita.instance().openDocument(path)
    if document is None:
        return None
    document.waitForDone()
    canvas = (0, 0, document.width(), document.height())
    found = {
        "width": document.width(),
        "height": document.height(),
        "depth": document.colorDepth(),
        "profile": document.colorProfile(),
        "resolution": [document.xRes(), document.yRes()],
        "layers": [_node(node, canvas, pixels) for node in document.rootNode().childNodes()],
        "picture": _kept(pixels, document.pixelData(*canvas), canvas),
    }
    document.close()
    return found


def _node(node, canvas, pixels):
    box = node.bounds()
    place = (box.x(), box.y(), box.width(), box.height())
    kind = node.type()
    found = {
        "name": node.name(),
        "kind": kind,
        "depth": node.colorDepth(),
        "opacity": node.opacity(),
        "visible": node.visible(),
        "blend": node.blendingMode(),
        "inherits": node.inheritAlpha(),
        "locked": node.locked(),
        "alpha_locked": node.alphaLocked(),
        "through": kind == "grouplayer" and node.passThroughMode(),
        "children": [_node(child, canvas, pixels) for child in node.childNodes()],
        "pixels": None,
    }
    if kind == "transparencymask":
        found["pixels"] = _kept(pixels, node.pixelData(*canvas), canvas)
    elif kind == "paintlayer" and not box.isEmpty():
        found["pixels"] = _kept(pixels, node.pixelData(*place), place)
    return found


def _kept(pixels, data, place):
    start = pixels.tell()
    pixels.write(bytes(data))
    return {"place": place, "start": start, "length": pixels.tell() - start}
