"""The array types of every signature: shape, element type and range in one word.

Arrays are (height, width, channels). Floating arrays are float32 in [0, 1], colours straight (not premultiplied) and
encoded as in the file (sRGB unless a profile says otherwise). `Pixels` are what a document stores: straight RGBA at its
own depth. The shapes are checked at run time under pytest only (jaxtyping's import hook).
"""

from jaxtyping import Bool, Float32, UInt8, UInt16
from numpy import ndarray

RGB = Float32[ndarray, "h w 3"]
"""Colours, float32 in [0, 1]."""

Scaled = Float32[ndarray, "H W 3"]
"""Colours of another size than the argument's."""

ScaledAlpha = Float32[ndarray, "H W"]
"""A matte of another size than the argument's."""

Alpha = Float32[ndarray, "h w"]
"""Coverage in [0, 1]; while it is being estimated it is called a matte."""

Trimap = Float32[ndarray, "h w"]
"""0 certainly outside, 1 certainly inside, 0.5 to be found out."""

Mask = Bool[ndarray, "h w"]
"""True = selected; as a *hole*: True = to be painted."""

Pixels = UInt8[ndarray, "h w 4"] | UInt16[ndarray, "h w 4"]
"""Straight RGBA at the document's depth."""

Plane = UInt8[ndarray, "h w"] | UInt16[ndarray, "h w"]
"""One channel at the document's depth."""

Codes = UInt8[ndarray, "h w"]
"""One small integer a pixel (provenance)."""
