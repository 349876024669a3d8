"""Flat pictures: read any of them as straight RGBA at its own depth or say in one sentence why not; write one."""

import os
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from layersr import color, credits
from layersr.arrays import Mask, Pixels
from layersr.atomic import replacing_file
from layersr.decoding import ORIENTATION, decode
from layersr.documents import png, xmp
from layersr.errors import InputError, OutputError, UsageError
from layersr.layers import Image

LARGEST_SIDE = 30_000
"""Pixels: PSD's own limit, and all that GIMP and Krita open."""

LARGEST_AREA = 300_000_000
"""Pixels: a stack of a dozen such layers is all that 64 GB hold."""

WRITES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
"""The flat pictures `write_image` makes, by suffix."""

READS = "PNG, JPEG, WebP, TIFF, BMP, GIF and AVIF"

_DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, RuntimeError),
    *(struct.error, zlib.error),
)
"""Whatever Pillow lets escape from a damaged file."""

_XMP_TAG = 700
_X_RESOLUTION = 282


def read_image(path: str | Path) -> Image:
    """Read a flat picture.

    EXIF orientation is applied; an RGB profile, the resolution and what the file says of its maker are kept; grey,
    palette, 1-bit, CMYK and Lab become RGB; alpha is straight and the picture's own; 8 bit stays 8 bit and 16 stays 16
    (CMYK and AVIF are read at 8).

    Raises:
        InputError: there is no picture, it is damaged, animated, too large, or a document with layers already.
    """
    path = Path(path)
    kind = _kind(path)
    with _quiet(), _damage(path), PIL.Image.open(path, formats=kind) as opened:
        _check(opened, path)
        sideways = opened.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
        pixels, icc = decode(opened, path)
        resolution = _resolution(opened)
        if resolution and sideways:
            resolution = resolution[::-1]
        said = credits.read(opened)
    return Image(np.ascontiguousarray(pixels), icc, resolution, said)


def read_mask(path: str | Path, width: int, height: int) -> Mask:
    """Read what the artist selected: True where the file is opaque or, without transparency, where it is not black.

    Not black means brighter than a sixteenth of the brightest pixel, so that JPEG's noise selects nothing and a
    label map of zeros and ones is understood. Opaque means alpha of a half or more.

    Args:
        path: any flat picture.
        width: of the image the mask belongs to.
        height: of the image the mask belongs to.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is of another size, or selects nothing.
    """
    image = read_image(path)
    if (image.width, image.height) != (width, height):
        raise UsageError(
            f"The mask {path} is {image.width} x {image.height} pixels but the image is {width} x {height}; "
            "draw it at the image's size."
        )
    alpha, lightness = image.pixels[..., 3], image.pixels[..., :3].max(axis=2)
    top = np.iinfo(alpha.dtype).max
    selected = alpha > top // 2 if (alpha < top).any() else lightness.astype(np.int64) * 16 > lightness.max()
    if not selected.any():
        raise UsageError(f"The mask {path} selects nothing; paint what to lift white on black (or opaque).")
    return selected


def write_image(
    pixels: Pixels,
    path: str | Path,
    icc: bytes | None = None,
    resolution: tuple[float, float] | None = None,
    credits: Mapping[str, str] | None = None,
) -> None:
    """Write a flat picture, whole or not at all. PNG keeps every bit; the others have 8 bit, JPEG is matted on white.

    Args:
        pixels: straight RGBA.
        path: ends in .png, .jpg, .webp (lossless) or .tif.
        icc: profile to embed.
        resolution: pixels per inch.
        credits: who made it, by the names of `layers.CREDITS`; stands in the file as XMP.

    Raises:
        UsageError: the suffix is another.
        OutputError: the place cannot be written, or the format cannot hold so large a picture.
    """
    path = Path(path)
    kind = WRITES.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"{path} should end in {', '.join(WRITES)}; the suffix says what to write.")
    height, width = pixels.shape[:2]
    if kind == "WEBP" and max(height, width) > 16383:
        raise OutputError(f"{path} would be {width:,} x {height:,} pixels and WebP holds 16,383 a side; write a PNG.")
    said = xmp.packet(credits, "", f"image/{kind.lower()}") if credits else None
    with replacing_file(path) as temporary:
        if kind == "PNG":
            with temporary.open("wb") as file:
                png.write(file, png.bands_of(pixels), width, height, pixels.dtype, icc, resolution, said)
            return
        image = PIL.Image.fromarray(color.to_8bit(pixels))
        options = {
            "JPEG": {"quality": 95, "subsampling": 0},
            "WEBP": {"lossless": True, "exact": True, "method": 2},
            "TIFF": {"compression": "tiff_adobe_deflate"},
        }[kind]
        if kind == "JPEG":
            page = PIL.Image.new("RGBA", image.size, "white")
            image = PIL.Image.alpha_composite(page, image).convert("RGB")
        known = {"icc_profile": icc, "dpi": resolution}
        if kind == "TIFF":
            known["tiffinfo"] = {_XMP_TAG: said} if said else None
        else:
            known["xmp"] = said
        image.save(temporary, kind, **options, **{key: value for key, value in known.items() if value})


def _kind(path: Path) -> tuple[str, ...]:
    """Pillow's names for what the first bytes say the file is.

    Told by hand, so that Pillow tries no other plug-in (EPS would start Ghostscript) and a damaged picture is not
    mistaken for something that never was one.
    """
    if os.path.isdir(path):  # Path.is_dir raises over an impossible name
        raise InputError(f"{path} is a folder, not a picture; name the picture itself.")
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; check the name and the folder.") from error
    except PermissionError as error:
        raise InputError(f"{path} may not be read; give yourself permission to read it.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if not head:
        raise InputError(f"{path} is empty (0 bytes); save or copy it again.")
    if any(word in head for word in (b"8BPS", b"gimp xcf", b"image/openraster", b"application/x-krita")):
        raise InputError(
            f"{path} has layers already; `layersr flatten {path.name} {path.stem}.png` makes it the flat picture "
            "that export starts from."
        )
    for magic, at, names in (
        (b"\x89PNG\r\n\x1a\n", 0, ("PNG",)),
        (b"\xff\xd8\xff", 0, ("JPEG", "MPO")),
        (b"WEBP", 8, ("WEBP",)),
        (b"II*\0", 0, ("TIFF",)),
        (b"MM\0*", 0, ("TIFF",)),
        (b"II+\0", 0, ("TIFF",)),
        (b"MM\0+", 0, ("TIFF",)),
        (b"BM", 0, ("BMP",)),
        (b"GIF8", 0, ("GIF",)),
        (b"ftypavi", 4, ("AVIF",)),
    ):
        if head.startswith(magic, at):
            return names
    raise InputError(f"{path} is not a picture layersr can read; it reads {READS}.")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' warnings and Pillow's own size limit out of the way; `_check` has the say."""
    limit, level = PIL.Image.MAX_IMAGE_PIXELS, cv2.utils.logging.getLogLevel()
    PIL.Image.MAX_IMAGE_PIXELS = None
    cv2.utils.logging.setLogLevel(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = limit
        cv2.utils.logging.setLogLevel(level)


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what the decoders raise over a damaged file into one sentence."""
    try:
        yield
    except _DAMAGE as error:
        sentence = f"{path} cannot be decoded: it is damaged, cut short or of a rare kind; save it again as PNG."
        raise InputError(sentence) from error


def _check(opened: PIL.Image.Image, path: Path) -> None:
    """Refuse by the header alone, before a pixel is decoded, what would not fit or is not one picture."""
    width, height = opened.size
    if max(width, height) > LARGEST_SIDE or width * height > LARGEST_AREA:
        raise InputError(
            f"{path} is {width:,} x {height:,} pixels; layersr works up to {LARGEST_SIDE:,} a side and "
            f"{LARGEST_AREA // 1_000_000} megapixels: make it smaller first."
        )
    # An MPO is a photograph with a preview or a second eye's view behind it: the first picture is the one meant.
    frames = 1 if opened.format == "MPO" else getattr(opened, "n_frames", 1)
    if frames > 1:
        what = "pages" if opened.format == "TIFF" else "frames"
        raise InputError(f"{path} has {frames} {what}, layersr takes one flat picture; save the one you want as a PNG.")
    if opened.mode in ("I", "F"):
        raise InputError(f"{path} has 32 bits a channel; save it with 8 or 16.")


def _resolution(opened: PIL.Image.Image) -> tuple[float, float] | None:
    """Pixels per inch where the file itself says so; Pillow fills in values of its own for JPEG and TIFF."""
    jpeg, tiff = opened.format in ("JPEG", "MPO"), opened.format == "TIFF"
    if jpeg and opened.info.get("jfif_unit") not in (1, 2) and _X_RESOLUTION not in opened.getexif():
        return None
    if tiff and _X_RESOLUTION not in opened.tag_v2:
        return None
    x, y = (float(value) for value in opened.info.get("dpi", (0, 0)))
    return (x, y) if 1 <= x <= 32767 and 1 <= y <= 32767 else None
