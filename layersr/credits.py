"""What a flat picture says of itself and its maker, in XMP, EXIF or a PNG's own texts."""

from collections.abc import Iterator

import PIL.Image

from layersr.documents import xmp

_EXIF = {270: "description", 315: "creator", 33432: "rights"}
"""TIFF's tags that say it."""

_TEXTS = {"Title": "title", "Author": "creator", "Copyright": "rights", "Description": "description"}
"""PNG's keywords that say it."""


def read(opened: PIL.Image.Image) -> dict[str, str]:
    """The credits of a picture as Pillow opened it, by the names in `layers.CREDITS`; XMP counts first."""
    packet = opened.info.get("xmp") or opened.info.get("XML:com.adobe.xmp") or b""
    found = xmp.read(packet.encode() if isinstance(packet, str) else packet)
    for name, text in _others(opened):
        found[name] = found.get(name) or text
    return xmp.stored_credits(found)


def _others(opened: PIL.Image.Image) -> Iterator[tuple[str, str]]:
    exif = opened.getexif()
    for tag, name in _EXIF.items():
        if isinstance(text := exif.get(tag), str):
            yield name, _utf8(text)
    for keyword, name in _TEXTS.items():
        if isinstance(text := opened.info.get(keyword), str):
            yield name, str(text)


def _utf8(text: str) -> str:
    """EXIF knows ASCII, Pillow takes it for Latin-1, and most programs write UTF-8."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
