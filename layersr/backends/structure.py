"""The project's own infill: a small network for what goes on behind a hole, patches of the picture for its texture.

What the network is, what it was trained on and what it reaches stands in the model card
(`layersr/models/infill_structure.md`).
"""

from layersr.arrays import RGB, Mask
from layersr.backends import backend
from layersr.backends.networks import Network
from layersr.backends.patchmatch import paint_all


class StructureInfill:
    """The network's forms with the texture of copies."""

    def __init__(self, device: str) -> None:
        self._network = Network("infill_structure", device)

    def __call__(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """See `roles.Infiller`."""
        return paint_all(image, hole, avoid, self.structure)

    def structure(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """The image with the hole painted in broad strokes."""
        from layersr.infill.structure import structure

        return structure(image, hole, self._network, avoid=avoid)

    def roughly(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """See `roles.BroadInfiller`; the network is asked in one way."""
        return paint_all(image, hole, avoid, self.broadly)

    def broadly(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """See `roles.BroadInfiller`: the forms alone, asked in one way instead of eight."""
        from layersr.infill.structure import structure

        return structure(image, hole, self._network, avoid=avoid, ways=1)


@backend(
    "infill",
    "layersr",
    summary="the project's own small network for the forms, patches of the picture for the texture",
    source="layersr/models/infill_structure.md",
)
def load_structure(device: str) -> StructureInfill:
    """Needs nothing but what `pip install layersr` brings."""
    import onnxruntime  # noqa: F401  # a missing package is told when the model is chosen

    return StructureInfill(device)
