"""Who made a picture, in the words of GIMP and Krita, which look for it in places of their own.

For their users: layersr itself reads the manifest. XMP says the same to all others (`xmp`).
"""

from collections.abc import Mapping
from xml.etree import ElementTree

import layersr
from layersr.documents.xmp import stored_credits

_DECLARED = "<?xml version='1.0' encoding='UTF-8'?>\n"
_DOCUMENT = (
    "<!DOCTYPE document-info PUBLIC '-//KDE//DTD document-info 1.1//EN'"
    " 'http://www.calligra.org/DTD/document-info-1.1.dtd'>\n"
)


def for_gimp(credits: Mapping[str, str]) -> bytes:
    """The parasite "gimp-image-metadata": tags, named as Exiv2 does. Source: GIMP 2.10, gimpmetadata.c."""
    root = ElementTree.Element("metadata")
    tags = {f"Xmp.dc.{name}": text for name, text in stored_credits(credits).items()}
    tags["Xmp.xmp.CreatorTool"] = f"layersr {layersr.__version__}"
    for name, text in sorted(tags.items()):
        ElementTree.SubElement(root, "tag", {"name": name}).text = text
    ElementTree.indent(root)
    return (_DECLARED + ElementTree.tostring(root, encoding="unicode") + "\n").encode()


def for_krita(credits: Mapping[str, str]) -> bytes:
    """The part "documentinfo.xml" of a Krita document. Source: Calligra's document-info DTD 1.1."""
    told = stored_credits(credits)
    root = ElementTree.Element("document-info", {"xmlns": "http://www.calligra.org/DTD/document-info"})
    about, author = ElementTree.SubElement(root, "about"), ElementTree.SubElement(root, "author")
    words = {
        "title": told.get("title"),
        "abstract": told.get("description"),  # what Krita's window calls its abstract; "description" is not in it
        "initial-creator": told.get("creator"),
        "license": told.get("rights"),
    }
    for name, text in words.items():
        ElementTree.SubElement(about, name).text = text
    ElementTree.SubElement(author, "full-name").text = told.get("creator")
    ElementTree.indent(root)
    return (_DECLARED + _DOCUMENT + ElementTree.tostring(root, encoding="unicode") + "\n").encode()
