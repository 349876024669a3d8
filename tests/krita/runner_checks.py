"""What is asked of Krita's documents, without a window; run by kritarunner."""

import os
import sys
import traceback

from krita import Krita, Selection

HOME = os.environ["LAYERSR_CHECKS"]
sys.path.insert(0, os.environ["LAYERSR_PLUGIN"])


def made(model="RGBA", depth="U8", profile="sRGB-elle-V2-srgbtrc.icc"):
    """A document of 40 x 30: a grey ground and, in a group, a red patch that lies partly beyond the canvas."""
    document = Krita.instance().createDocument(40, 30, "x", model, depth, profile, 100.0)
    document.setBatchmode(True)
    root = document.rootNode()
    for node in root.childNodes():
        node.remove()
    ground = document.createNode("ground", "paintlayer")
    root.addChildNode(ground, None)
    size = 1 if depth == "U8" else 2
    value = lambda v: (v * (257 if size == 2 else 1)).to_bytes(size, "little")  # noqa: E731
    ground.setPixelData(b"".join(map(value, (90, 90, 90, 255))) * 1200, 0, 0, 40, 30)
    group = document.createGroupLayer("group")
    root.addChildNode(group, None)
    patch = document.createNode("patch", "paintlayer")
    group.addChildNode(patch, None)
    patch.setPixelData(b"".join(map(value, (10, 20, 200, 255))) * 200, 30, 5, 20, 10)
    document.refreshProjection()
    document.waitForDone()
    return document, ground, group, patch


def colour(image, x, y):
    c = image.pixelColor(x, y)
    return c.red(), c.green(), c.blue(), c.alpha()


def names(node):
    return [n.name() for n in node.childNodes()]


def check_pictures(kdoc):
    for depth in ("U8", "U16"):
        document, _, _, patch = made(depth=depth)
        whole = kdoc.picture(kdoc.Place(document, patch), False)
        alone = kdoc.picture(kdoc.Place(document, patch), True)
        assert (whole.width(), whole.height()) == (40, 30)
        assert colour(whole, 2, 2) == (90, 90, 90, 255), colour(whole, 2, 2)
        assert colour(whole, 35, 8) == (200, 20, 10, 255), colour(whole, 35, 8)
        assert colour(alone, 2, 2)[3] == 0
        assert colour(alone, 35, 8) == (200, 20, 10, 255)
        assert whole.depth() == (32 if depth == "U8" else 64)
        document.close()


def check_below(kdoc):
    document, ground, group, patch = made()
    above = document.createNode("above", "paintlayer")
    document.rootNode().addChildNode(above, None)
    above.setPixelData(bytes([0, 255, 0, 255]) * 1200, 0, 0, 40, 30)
    document.refreshProjection()
    document.waitForDone()
    picture, mask = kdoc.below(kdoc.Place(document, patch))
    assert colour(picture, 35, 8) == (90, 90, 90, 255), colour(picture, 35, 8)
    assert colour(mask, 35, 8)[0] == 255
    assert colour(mask, 2, 2)[0] == 0
    assert all(n.visible() for n in (ground, group, patch, above))
    document.close()


def check_selection(kdoc):
    document, *_ = made()
    assert kdoc.selection(kdoc.Place(document, None)) is None
    chosen = Selection()
    chosen.select(35, 20, 50, 5, 255)
    document.setSelection(chosen)
    mask, box = kdoc.selection(kdoc.Place(document, None))
    assert box == (35, 20, 5, 5), box
    assert (mask.width(), mask.height()) == (40, 30)
    assert colour(mask, 36, 21)[0] == 255
    assert colour(mask, 34, 21)[0] == 0
    chosen.select(100, 100, 5, 5, 255)
    document.setSelection(chosen)
    document.close()


def check_order(kdoc):
    document, *_ = made()
    assert names(document.rootNode()) == ["ground", "group"], names(document.rootNode())
    document.close()


def check_adopting(kdoc):
    for under, chosen, expected in (
        (False, "ground", ["ground", "new", "group"]),
        (True, "group", ["ground", "new", "group"]),
        (True, "patch", ["ground", "new", "group"]),  # the lowest of its group
    ):
        for file in ("two.kra", "one.png"):
            document, *_ = made()
            place = kdoc.Place(document, document.nodeByName(chosen))
            hidden = kdoc.open_hidden(os.path.join(HOME, file))
            kdoc.convert(hidden, place)
            kdoc.adopt(hidden, place, "new", under=under)
            document.waitForDone()
            hidden.close()
            assert names(document.rootNode()) == expected, (under, chosen, names(document.rootNode()))
            new = document.nodeByName("new")
            if file == "two.kra":
                assert names(new) == ["background", "element"], names(new)
                assert [n.blendingMode() for n in new.childNodes()] == ["normal", "multiply"]
            document.waitForDone()
            document.close()


def check_depths(kdoc):
    for model, depth in (("RGBA", "U16"), ("RGBA", "F32"), ("LABA", "U16"), ("CMYKA", "U8"), ("GRAYA", "U8")):
        document, ground, *_ = made()
        document.setColorSpace(model, depth, Krita.instance().profiles(model, depth)[0])
        document.waitForDone()
        place = kdoc.Place(document, ground)
        assert kdoc.picture(place, False).width() == 40
        assert kdoc.picture(place, True).width() == 40
        hidden = kdoc.open_hidden(os.path.join(HOME, "two.kra"))
        kdoc.convert(hidden, place)
        kdoc.adopt(hidden, place, "new")
        document.waitForDone()
        hidden.close()
        new = document.nodeByName("new")
        assert {(n.colorModel(), n.colorDepth()) for n in new.childNodes()} == {(model, depth)}
        document.setBatchmode(True)
        assert document.saveAs(os.path.join(HOME, f"saved-{model}-{depth}.kra"))
        document.waitForDone()
        document.close()


def __main__(arguments):
    from layersr_krita import kdoc

    told = []
    for name, check in sorted(globals().items()):
        if name.startswith("check_"):
            try:
                check(kdoc)
                told.append("good " + name)
            except Exception:
                told.append("BAD " + name + "\n" + traceback.format_exc())
    with open(os.path.join(HOME, "told.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(told))
