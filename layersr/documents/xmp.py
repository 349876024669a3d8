"""XMP: what a document says of itself to whoever asks, in Adobe's words: who made it, with what, and how.

The recipe stands in it in a namespace of our own, for people; layersr itself reads the manifest. There is no date, so
that the same stack gives the same bytes. Source: XMP Specification Part 1 (ISO 16684-1:2019).
"""

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

import layersr
from layersr.documents.archive import stored_text
from layersr.layers import CREDITS

MOST = 2**20
"""Bytes of a packet that is read; nobody says more of himself."""

LONGEST = 2**14
"""Characters of a credit."""

_X, _RDF = "adobe:ns:meta/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC, _XMP = "http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/xap/1.0/"
_OWN = "layersr:ns/1.0/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = '\n<?xpacket end="w"?>'

for prefix, space in {"x": _X, "xmp": _XMP, "layersr": _OWN}.items():
    ElementTree.register_namespace(prefix, space)


def packet(credits: Mapping[str, str], recipe: str, mime: str) -> bytes:
    """The packet of a document.

    Law: `read(packet(credits, ...)) == stored_credits(credits)`.

    Args:
        credits: of the picture it was made from.
        recipe: that made it, or "".
        mime: of the file.
    """
    meta = ElementTree.Element(f"{{{_X}}}xmpmeta")
    rdf = ElementTree.SubElement(meta, f"{{{_RDF}}}RDF")
    about = ElementTree.SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    ElementTree.SubElement(about, f"{{{_XMP}}}CreatorTool").text = f"layersr {layersr.__version__}"
    ElementTree.SubElement(about, f"{{{_DC}}}format").text = mime
    for name, text in stored_credits(credits).items():
        several, language = ("Seq", {}) if name == "creator" else ("Alt", {_LANG: "x-default"})
        inner = ElementTree.SubElement(ElementTree.SubElement(about, f"{{{_DC}}}{name}"), f"{{{_RDF}}}{several}")
        ElementTree.SubElement(inner, f"{{{_RDF}}}li", language).text = text
    if recipe:
        ElementTree.SubElement(about, f"{{{_OWN}}}recipe").text = stored_text(recipe)
    return (_HEAD + ElementTree.tostring(meta, encoding="unicode") + _TAIL).encode()


def stored_credits(credits: Mapping[str, str]) -> dict[str, str]:
    """Credits as XML keeps them; what says nothing is left out."""
    cleaned = {name: _cleaned(credits[name]) for name in CREDITS if name in credits}
    return {name: text for name, text in cleaned.items() if text}


def _cleaned(text: str) -> str:
    return stored_text("\n".join(text[:LONGEST].splitlines())).strip()


def read(data: bytes) -> dict[str, str]:
    """The credits in a packet, as `stored_credits` gives them; none in what is damaged."""
    text = data[:MOST].decode("utf-8", "replace").strip("\0 \n\r\t\ufeff")
    if "<!" in text.replace("<!--", ""):  # a document type of its own: entities can grow without end
        return {}
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return {}
    found: dict[str, str] = {}
    for about in root.iter(f"{{{_RDF}}}Description"):
        for name in CREDITS:
            said = [text for text in _said(about, f"{{{_DC}}}{name}") if text]
            if said and name not in found:
                found[name] = ", ".join(said) if name == "creator" else said[0]
    return stored_credits(found)


def _said(about: ElementTree.Element, name: str) -> Iterator[str]:
    """What a property says: by itself, as an attribute, or as one of several; the language for all comes first."""
    yield about.get(name, "")
    for element in about.findall(name):
        items = sorted(element.iter(f"{{{_RDF}}}li"), key=lambda item: item.get(_LANG) != "x-default")
        yield from (item.text or "" for item in items)
        yield element.text or "" if not items else ""
