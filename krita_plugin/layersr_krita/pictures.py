"""Krita's raw pixels as pictures on disk. Qt only, nothing of Krita in here."""

from .qt import QtCore, QtGui

Format = QtGui.QImage.Format


def from_pixels(data: bytes, width: int, height: int, depth: str):
    """A picture of Krita's bytes: blue, green, red, straight alpha; 8 or 16 bit, little-endian.

    Raises:
        ValueError: there are not as many bytes as pixels need.
    """
    size = {"U8": 4, "U16": 8}[depth]
    if len(data) != width * height * size:
        raise ValueError("Krita gave {} bytes for {} x {} pixels.".format(len(data), width, height))
    if depth == "U8":
        return QtGui.QImage(data, width, height, width * 4, Format.Format_ARGB32).copy()
    return QtGui.QImage(data, width, height, width * 8, Format.Format_RGBA64).rgbSwapped()


def from_selection(data: bytes, width: int, height: int):
    """A grey picture of a selection's bytes, white where it selects."""
    if len(data) != width * height:
        raise ValueError("Krita gave {} bytes for a selection of {} x {}.".format(len(data), width, height))
    return QtGui.QImage(data, width, height, width, Format.Format_Grayscale8).copy()


def placed(image, left: int, top: int, width: int, height: int):
    """A grey picture at its place in a black one of another size."""
    canvas = QtGui.QImage(width, height, Format.Format_Grayscale8)
    canvas.fill(0)
    painter = QtGui.QPainter(canvas)
    painter.drawImage(QtCore.QPoint(left, top), image)
    painter.end()
    return canvas


def alpha_of(image):
    """How opaque a picture is, as a grey picture."""
    alpha = image.convertToFormat(Format.Format_Alpha8)
    return QtGui.QImage(
        _bytes(alpha), alpha.width(), alpha.height(), alpha.bytesPerLine(), Format.Format_Grayscale8
    ).copy()


def is_empty(image) -> bool:
    """Whether a grey picture is black all over."""
    grey = image.convertToFormat(Format.Format_Grayscale8)
    data, step = _bytes(grey), grey.bytesPerLine()
    rows = (data[row * step : row * step + grey.width()] for row in range(grey.height()))
    return not any(row.strip(b"\0") for row in rows)


def _bytes(image) -> bytes:
    size = image.sizeInBytes() if hasattr(image, "sizeInBytes") else image.byteCount()
    return image.constBits().asstring(size)


def save(image, path: str) -> None:
    """Write a PNG, quickly: it is read once and thrown away.

    Raises:
        OSError: it cannot be written.
    """
    if not image.save(path, "PNG", 100):  # 100: not compressed
        raise OSError("The picture could not be written to {}.".format(path))
