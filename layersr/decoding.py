"""From what Pillow opened to RGBA: 8 and 16 bit, grey, palette, CMYK, Lab, and their profiles.

Pillow decodes, except 16-bit colour, which it would cut down to 8 bit: that goes through OpenCV. What cannot be kept as
RGB (CMYK, Lab, grey with a profile of its own) is converted to sRGB through the profile that came with it.
"""

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from PIL import ImageCms, ImageOps

from layersr.errors import InputError

ORIENTATION = 0x0112
"""The EXIF tag that says how the camera was held."""

_BITS, _EXTRA_SAMPLES = 258, 338


def decode(opened: PIL.Image.Image, path: Path) -> tuple[np.ndarray, bytes | None]:
    """Straight RGBA, upright, at the file's own depth, and the RGB profile it is in.

    Args:
        opened: the file as Pillow opened it; loaded by this.
        path: the same file, which OpenCV reads again where it has 16-bit colour.

    Raises:
        InputError: 16-bit colours are stored in a way nobody here can read.
    """
    opened.load()  # finds out that a file is cut short, which OpenCV would pass over
    icc = opened.info.get("icc_profile")
    return _decode_16bit(opened, path, icc) if _is_16bit(opened, path) else _decode_8bit(opened, icc)


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


def _decode_8bit(opened: PIL.Image.Image, icc: bytes | None) -> tuple[np.ndarray, bytes | None]:
    image = ImageOps.exif_transpose(opened)  # first: what follows makes new images that have lost their EXIF
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


def _is_16bit(opened: PIL.Image.Image, path: Path) -> bool:
    if opened.mode.startswith("I;16"):
        return True
    if opened.mode not in ("RGB", "RGBA", "LA"):
        return False
    if opened.format == "PNG":
        with path.open("rb") as file:
            return file.read(25)[24] == 16
    return opened.format == "TIFF" and max(opened.tag_v2.get(_BITS, (8,))) == 16


def _decode_16bit(opened: PIL.Image.Image, path: Path, icc: bytes | None) -> tuple[np.ndarray, bytes | None]:
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
            decoded = _turn(decoded, opened.getexif().get(ORIENTATION, 1))
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
