"""The colour modes of PSD to RGB."""

import io

import numpy as np
from PIL import Image, ImageCms
from psd_tools.constants import ColorMode

from layersr import color
from layersr.arrays import Pixels
from layersr.documents.psd_planes import Plane
from layersr.errors import InputError


def to_rgb(mode: ColorMode, planes: dict[int, Plane], alpha: Plane | None, icc: bytes | None) -> Pixels:
    """Straight RGBA from the planes of a layer, exact for RGB and greyscale.

    Args:
        mode: the document's.
        planes: colour planes by channel number; a missing one counts as 0.
        alpha: coverage, or None for opaque.
        icc: the document's profile; used for CMYK at 8 bit, which means little without.

    Raises:
        InputError: the mode has no plain RGB counterpart.
    """
    some = planes[0] if alpha is None else alpha
    out = np.zeros((*some.shape, 4), some.dtype)
    out[..., 3] = color.levels(some.dtype) if alpha is None else alpha
    if mode == ColorMode.RGB:
        for channel in range(3):
            if channel in planes:
                out[..., channel] = planes[channel]
    elif mode in (ColorMode.GRAYSCALE, ColorMode.DUOTONE):
        out[..., :3] = planes[0][..., None]
    elif mode == ColorMode.CMYK:
        inks = np.stack([planes.get(channel, np.zeros_like(some)) for channel in range(4)], axis=2)
        out[..., :3] = _from_cmyk(inks, icc)
    else:
        raise InputError(f"Documents in the colour mode {mode.name.lower()} cannot be read; convert it to RGB first.")
    return out


def _from_cmyk(paper: np.ndarray, icc: bytes | None) -> np.ndarray:
    """PSD stores how much paper shows: the highest value is no ink."""
    if icc and paper.dtype == np.uint8:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            inks = Image.frombytes("CMYK", paper.shape[1::-1], np.ascontiguousarray(255 - paper).tobytes())
            target = ImageCms.createProfile("sRGB")
            return np.asarray(ImageCms.profileToProfile(inks, source, target, outputMode="RGB"))
        except ImageCms.PyCMSError:
            pass  # a profile of another kind: by the plain formula, as without one
    top = color.levels(paper.dtype)
    product = paper[..., :3].astype(np.uint64) * paper[..., 3:]
    return ((product + top // 2) // top).astype(paper.dtype)
