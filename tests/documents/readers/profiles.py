"""What a colour profile calls itself: some readers tell nothing else of it."""

import io
import struct

from PIL import ImageCms

from layersr import color


def described(icc: bytes | None) -> str:
    """The description in a profile; that of our own sRGB where there is none."""
    profile = ImageCms.getOpenProfile(io.BytesIO(icc or color.srgb_profile()))
    return called(ImageCms.getProfileDescription(profile).strip())


def called(name: str) -> str:
    """A profile's name; every application has its own sRGB."""
    return "sRGB" if "srgb" in name.lower() else name


def wide_profile() -> bytes:
    """Our sRGB profile with the primaries of Adobe RGB (1998), and another name: by that Krita knows profiles."""
    profile = bytearray(color.srgb_profile())
    primaries = {b"r": (0.6097, 0.3111, 0.0195), b"g": (0.2053, 0.6257, 0.0609), b"b": (0.1492, 0.0632, 0.7446)}
    for entry in range(struct.unpack_from(">I", profile, 128)[0]):
        name, offset = struct.unpack_from(">4sI", profile, 132 + 12 * entry)
        if name[1:] == b"XYZ":
            struct.pack_into(">3i", profile, offset + 8, *(round(v * 65536) for v in primaries[name[:1]]))
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))
