"""What readers call blend modes, in our words."""

from layersr.documents.psd_spelling import BLEND_KEYS

_KEYS = {key: name for name, key in BLEND_KEYS.items()}


def blend_of_key(key: bytes) -> str:
    """Of a PSD's key."""
    return _KEYS.get(bytes(key), bytes(key).decode("ascii", "replace"))
