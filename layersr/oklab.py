"""A colour space in which equal distances look about equal: Oklab.

Source: Bjorn Ottosson, A perceptual color space for image processing (2020), whose matrices these are.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Colours = Float[ndarray, "*n 3"]
"""Any number of colours, or one."""

_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OPPONENT = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(light: Colours) -> Colours:
    """Light to lightness in [0, 1] and the two opponent axes (a: green to red, b: blue to yellow)."""
    return np.cbrt(light @ _CONES.T) @ _OPPONENT.T


def light(lab: Colours) -> Colours:
    """The inverse of `oklab`; beyond [0, 1] where no screen can show it."""
    return (lab @ np.linalg.inv(_OPPONENT).T) ** 3 @ np.linalg.inv(_CONES).T
