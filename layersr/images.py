"""Flat pictures: read any of them as straight RGBA at its own depth, write one.

Pillow reads, except 16-bit colour, which it would cut down to 8 bit: that goes through OpenCV. What cannot be kept as
RGB (CMYK, Lab, grey with a profile of its own) is converted to sRGB through the profile that came with it.
"""

import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from PIL import ImageCms, ImageOps

from layersr import color
from layersr.arrays import Mask, Pixels
from layersr.documents import png
from layersr.documents.atomic import replacing_file
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

_ORIENTATION = 0x0112
_X_RESOLUTION, _BITS, _EXTRA_SAMPLES = 282, 258, 338


def read_image(path: str | Path) -> Image:
    """Read a flat picture.

    EXIF orientation is applied; an RGB profile and the resolution are kept; grey, palette, 1-bit, CMYK and Lab become
    RGB; alpha is straight and the picture's own; 8 bit stays 8 bit and 16 stays 16 (CMYK and AVIF are read at 8).

    Raises:
        InputError: there is no picture, it is damaged, animated, too large, or a document with layers already.
    """
    path = Path(path)
    kind = _kind(path)
    with _quiet(), _damage(path), PIL.Image.open(path, formats=kind) as opened:
        _check(opened, path)
        sideways = opened.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
        opened.load()
        icc, resolution = opened.info.get("icc_profile"), _resolution(opened)
        if _is_16bit(opened):
            pixels, icc = _read_16bit(opened, path, icc)
        else:
            # Orientation first: what follows makes new images that have lost their EXIF.
            turned = ImageOps.exif_transpose(opened)
            pixels, icc = _read_8bit(turned, path, icc)
        if resolution and sideways:
            resolution = resolution[::-1]
    return Image(np.ascontiguousarray(pixels), icc, resolution)


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
) -> None:
    """Write a flat picture, whole or not at all. PNG keeps every bit; the others have 8 bit, JPEG is matted on white.

    Args:
        pixels: straight RGBA.
        path: ends in .png, .jpg, .webp (lossless) or .tif.
        icc: profile to embed.
        resolution: pixels per inch.

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
    with replacing_file(path) as temporary:
        if kind == "PNG":
            with temporary.open("wb") as file:
                png.write(file, png.bands_of(pixels), width, height, pixels.dtype, icc, resolution)
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


def _space(icc: bytes | None) -> bytes:
    """The colour space a profile describes, as its header spells it, or b"" where there is none or it is broken."""
    whole = icc is not None and len(icc) > 128 and icc[36:40] == b"acsp" and int.from_bytes(icc[:4], "big") <= len(icc)
    return icc[16:20] if whole else b""


def _srgb(image: PIL.Image.Image, icc: bytes, precision: int = ImageCms.Flags.HIGHRESPRECALC) -> PIL.Image.Image:
    """Convert through the image's own profile, relative colorimetric with black point compensation, as Photoshop."""
    source = ImageCms.createProfile("LAB") if image.mode == "LAB" else ImageCms.ImageCmsProfile(BytesIO(icc))
    return ImageCms.profileToProfile(
        image,
        source,
        ImageCms.createProfile("sRGB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        "RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION | precision,
    )


def _read_8bit(image: PIL.Image.Image, path: Path, icc: bytes | None) -> tuple[np.ndarray, bytes | None]:
    """RGBA and the profile it is in."""
    space = _space(icc)
    if image.mode in ("La", "RGBa"):
        image = image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode])
    if image.mode == "LAB" or (image.mode == "CMYK" and space == b"CMYK"):
        image, icc = _managed(image, icc or b""), None
    elif space == b"GRAY" and image.mode in ("1", "L", "LA"):
        rgba = np.array(image.convert("RGBA"))
        table = (_grey_to_srgb(icc or b"")[::257].astype(int) + 128) // 257
        rgba[..., :3] = table[rgba[..., :3]]
        return rgba, None
    elif image.mode == "CMYK":
        image = image.convert("RGB")
    pixels = np.asarray(image.convert("RGBA"))
    return pixels, icc if icc and space == b"RGB " else None


def _managed(image: PIL.Image.Image, icc: bytes) -> PIL.Image.Image:
    """`_srgb`, or the plain conversion where the profile turns out to be unusable."""
    try:
        return _srgb(image, icc)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.convert("RGB")


def _is_16bit(opened: PIL.Image.Image) -> bool:
    if opened.mode.startswith("I;16"):
        return True
    if opened.mode not in ("RGB", "RGBA", "LA"):
        return False
    if opened.format == "PNG":
        with Path(opened.filename).open("rb") as file:
            return file.read(25)[24] == 16
    return opened.format == "TIFF" and max(opened.tag_v2.get(_BITS, (8,))) == 16


def _read_16bit(opened: PIL.Image.Image, path: Path, icc: bytes | None) -> tuple[np.ndarray, bytes | None]:
    """RGBA at 16 bit and the profile it is in. Pillow has decoded the file by now, so it is whole."""
    grey = opened.mode.startswith("I;16")
    tiff = opened.format == "TIFF"
    if grey:
        values = np.asarray(ImageOps.exif_transpose(opened)).astype(np.uint16)
        colour, alpha = values[..., None].repeat(3, axis=2), None
    else:
        decoded = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
        if decoded is None or decoded.dtype != np.uint16 or decoded.ndim != 3:
            raise InputError(f"{path} holds its 16-bit colours in a way layersr cannot read; save it as a 16-bit PNG.")
        # OpenCV turns a TIFF by its orientation and leaves a PNG as it lies.
        if not tiff:
            decoded = _turn(decoded, opened.getexif().get(_ORIENTATION, 1))
        colour = decoded[..., 2::-1]
        alpha = decoded[..., 3] if decoded.shape[2] == 4 and opened.mode != "RGB" else None
        if alpha is not None and tiff and 1 in opened.tag_v2.get(_EXTRA_SAMPLES, ()):
            colour = _straight(colour, alpha)
    if alpha is None:
        alpha = np.full(colour.shape[:2], 65535, np.uint16)
        key = opened.info.get("transparency")
        if key is not None:
            alpha = np.where((colour == np.asarray(key, np.uint16)).all(axis=2), 0, alpha).astype(np.uint16)
    space = _space(icc)
    if space == b"GRAY" and icc is not None:
        colour, icc = _grey_to_srgb(icc)[colour], None
    return np.dstack([colour, alpha]), icc if space == b"RGB " else None


def _grey_to_srgb(icc: bytes) -> np.ndarray:
    """The sRGB code for each of 65536 codes in a grey profile.

    Pillow's colour management gives 8 bit only. But where its answer steps from v - 1 to v, the exact one is v - 1/2:
    between those 255 points it is smooth.
    """
    codes = np.arange(65536, dtype=np.uint16)
    try:
        ramp = PIL.Image.fromarray(codes[None])
        steps = np.asarray(_srgb(ramp, icc, ImageCms.Flags.NOOPTIMIZE).getchannel("G"))[0]
    except (ImageCms.PyCMSError, OSError, ValueError):
        return codes
    values = np.arange(1, 256)
    at = np.searchsorted(np.maximum.accumulate(steps), values)
    inside = at < 65536
    x = np.concatenate([[0], at[inside] - 0.5, [65535]])
    y = np.concatenate([[float(steps[0])], values[inside] - 0.5, [float(steps[-1])]]) / 255 * 65535
    return np.rint(np.interp(codes, x, y)).astype(np.uint16)


def _straight(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Undo a TIFF's premultiplication in its own 16-bit codes."""
    wide = alpha[..., None].astype(np.uint64)
    straight = (colour.astype(np.uint64) * 65535 + wide // 2) // np.maximum(wide, 1)
    return np.where(wide > 0, np.minimum(straight, 65535), 0).astype(np.uint16)


def _turn(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Stand a picture upright by its EXIF orientation, 1 to 8."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    # After the transposition of 5..8 the flips that remain are the same three as for 1..4.
    rows, columns = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}.get(orientation, (1, 1))
    return pixels[::rows, ::columns]
