"""What is expected of every place in the matrix: all is kept, but for what stands here.

`test_matrix` measures, and fails where a reader does worse than this, or better. The documentation is made of it.
"""

from dataclasses import dataclass

from matrix import Cell
from matrix_features import FEATURES
from readers import Reader

KEPT, BAKED, ALIKE, LOST, SILENT = "✓", "baked", "≈", "✗", "–"
"""Verdicts: as it was; written otherwise, so that it looks right; read otherwise, and looks right; not as it was; the
reader cannot tell or cannot open it."""

_WORST_LAST = (KEPT, ALIKE, BAKED, LOST, SILENT)


@dataclass(frozen=True)
class Limit:
    """Something that does not come back as it was.

    Attributes:
        sentence: why, for people.
        verdict: BAKED, ALIKE, LOST, or SILENT.
        reader: its name; "" for all.
        formats: in which formats.
        features: beginnings of their names; "" begins all.
        lost: the aspects that are not as they were.
        bits: at which depths.
    """

    sentence: str
    verdict: str
    reader: str
    formats: tuple[str, ...]
    features: tuple[str, ...]
    lost: frozenset[str]
    bits: tuple[int, ...] = (8, 16)

    def holds(self, cell: Cell) -> bool:
        """Whether it is about a place."""
        return (
            self.reader in ("", cell.reader)
            and cell.format in self.formats
            and cell.bits in self.bits
            and any(cell.feature.startswith(beginning) for beginning in self.features)
        )


def _limit(
    sentence: str, verdict: str, reader: str, formats: str, features: str, lost: str, bits: str = "8 16"
) -> Limit:
    """Lists as text: words by spaces, features by bars."""
    return Limit(
        *(sentence, verdict, reader, tuple(formats.split()), tuple(features.split("|"))),
        frozenset(lost.split()),
        tuple(map(int, bits.split())),
    )


UNWRITTEN = {("31,000 pixels wide", "psd"): "A PSD ends at 30,000 pixels a side; layersr writes a `.psb` instead."}
"""What a format cannot hold at all."""

_MASKS = "layer mask, hiding|layer mask, showing|group mask|mask of a group"

_SAID_BY_MASKS = (
    "Krita ignores it in a PSD, so it is written as the mask of an isolated group, which looks the same everywhere;"
    " layersr reads it back as it was, and `--native` leaves it as it is."
)

LIMITS = (
    # PSD, whoever else reads it
    *(
        _limit(_SAID_BY_MASKS, BAKED, reader, formats, feature, lost)
        for reader, formats in (
            *(("Krita", "psd psb"), ("GIMP", "psd"), ("psd-tools", "psd psb")),
            *(("ag-psd", "psd psb"), ("pytoshop", "psd psb")),
        )
        for feature, lost in (
            ("opacity of an isolated", "masks opacity"),
            ("opacity of a group that", "blend masks opacity"),
            ("mask of a group", "blend"),
            ("clipping", "tree clipping offsets opacity pixels"),
        )
    ),
    _limit(_SAID_BY_MASKS, BAKED, "ImageMagick", "psd psb", "clipping", "offsets pixels"),
    # OpenRaster, whoever reads it
    _limit(
        "OpenRaster has no layer masks; what they hide is written as transparency.",
        *(BAKED, "", "ora", "layer mask, hiding", "masks offsets pixels"),
    ),
    _limit(
        "OpenRaster has no layer masks; what they hide is written as transparency.",
        *(BAKED, "", "ora", "layer mask, showing", "masks pixels"),
    ),
    _limit(
        "OpenRaster has no layer masks; one that is switched off is left out.",
        *(LOST, "", "ora", "layer mask that is switched off", "masks"),
    ),
    *(
        _limit(
            "Written as an isolated group under a layer that is composited as `svg:dst-in`, which looks the same;"
            " layersr reads it back as it was.",
            *(BAKED, reader, "ora", "group mask|mask of a group|clipping", "tree names offsets pixels"),
        )
        for reader in ("Krita", "pyora")
    ),
    *(
        _limit(
            "Written as an isolated group, which looks the same; layersr reads it back as it was.",
            *(BAKED, reader, "ora", "opacity of a group that", "blend"),
        )
        for reader in ("Krita", "pyora")
    ),
    # Krita
    _limit(
        "Krita takes a mask that is switched off for one in force.",
        *(LOST, "Krita", "psd psb", "layer mask that is switched off", "masks picture"),
    ),
    _limit("Krita's masks have 8 bits.", LOST, "Krita", "psd psb kra", _MASKS, "masks picture", "16"),
    _limit("Krita's masks have 8 bits.", LOST, "Krita", "psd psb", "clipping", "picture", "16"),
    _limit("Krita's masks have 8 bits.", ALIKE, "Krita", "kra", "layer mask that is switched off", "masks", "16"),
    _limit(
        "Krita opens OpenRaster as 8-bit sRGB, whatever the profile.",
        LOST,
        "Krita",
        "ora",
        "colour profile",
        "picture profile",
    ),
    _limit(
        "Written as an isolated group, which looks the same; layersr reads it back as it was.",
        *(BAKED, "Krita", "kra", "opacity of a group that|mask of a group", "blend"),
    ),
    _limit("Krita ignores locks in a PSD.", LOST, "Krita", "psd psb", "locks", "locks"),
    _limit(
        "OpenRaster locks all of a layer or group, or nothing; layersr reads it back as it was.",
        *(LOST, "Krita", "ora", "locks", "locks"),
    ),
    _limit(
        "Krita locks all of a layer or group, or the transparency of a layer; layersr reads it back as it was.",
        *(LOST, "Krita", "kra", "locks", "locks"),
    ),
    _limit("Krita refuses what GIMP has written since 2.9.", SILENT, "Krita", "xcf", "", "opens"),
    # GIMP
    _limit("GIMP 2.10 opens no PSB.", SILENT, "GIMP", "psb", "", "opens"),
    _limit("Debian's GIMP 2.10 opens no OpenRaster.", SILENT, "GIMP", "ora", "", "opens"),
    _limit("GIMP opens no Krita document.", SILENT, "GIMP", "kra", "", "opens"),
    _limit(
        "Written as an isolated group in which layers show only where something is below them, which looks the same;"
        " layersr reads it back as it was.",
        *(BAKED, "GIMP", "xcf", "clipping", "tree clipping opacity"),
    ),
    _limit(
        "Of the locks in a PSD GIMP takes those of the transparency of layers.", LOST, "GIMP", "psd", "locks", "locks"
    ),
    _limit(
        "GIMP locks of a group only the pixels in it; layersr reads it back as it was.",
        *(LOST, "GIMP", "xcf", "locks", "locks"),
    ),
    # psd-tools
    _limit(
        "psd-tools refuses layers wider than 30,000 pixels, in a PSB too.",
        SILENT,
        "psd-tools",
        "psb",
        "31,000",
        "opens",
    ),
    # ag-psd
    _limit(
        "ag-psd unpacks 16-bit pixels wrongly; names, groups and settings are right.",
        *(LOST, "ag-psd", "psd psb", "", "offsets pixels picture", "16"),
    ),
    _limit(
        "ag-psd unpacks 16-bit pixels wrongly; names, groups and settings are right.",
        *(LOST, "ag-psd", "psd psb", f"{_MASKS}|layer mask that", "masks", "16"),
    ),
    _limit(
        "ag-psd stops at a transparent 16-bit picture, which it unpacks wrongly.",
        *(SILENT, "ag-psd", "psd psb", "no opaque ground", "opens", "16"),
    ),
    # pytoshop
    _limit(
        "pytoshop fails at names whose last byte is 0, such as those that end in 😀.",
        *(SILENT, "pytoshop", "psd psb", "names", "opens"),
    ),
    # ImageMagick
    _limit("ImageMagick reads names as ASCII.", LOST, "ImageMagick", "psd psb", "names", "names"),
    _limit(
        "ImageMagick multiplies opacity and masks into the transparency of layers.",
        *(ALIKE, "ImageMagick", "psd psb", "layer opacity|layer mask, showing", "pixels"),
    ),
    _limit(
        "ImageMagick multiplies opacity and masks into the transparency of layers.",
        *(ALIKE, "ImageMagick", "psd psb", "layer mask, hiding", "offsets pixels"),
    ),
    _limit(
        "ImageMagick leaves layers without pixels out.",
        *(LOST, "ImageMagick", "psd psb", "layer without pixels", "names offsets pixels"),
    ),
    _limit(
        "Debian lets ImageMagick open no picture of more than 16,000 pixels a side.",
        *(SILENT, "ImageMagick", "psb", "31,000", "opens"),
    ),
    # pyora
    _limit("Of 16 bits pyora keeps 8.", LOST, "pyora", "ora", "", "pixels", "16"),
    _limit(
        "pyora isolates the groups whose layers blend with what is below.",
        *(LOST, "pyora", "ora", "group that passes|coloured glow", "picture"),
    ),
)


def limits(cell: Cell, reader: Reader) -> list[Limit]:
    """What is not kept there, as far as the reader tells of it."""
    tells = reader.tells | {"opens"}
    found = [limit for limit in LIMITS if limit.holds(cell) and limit.lost & tells]
    refused = [limit for limit in found if "opens" in limit.lost]
    return refused or found


def expected(cell: Cell, reader: Reader) -> frozenset[str]:
    """The aspects, of those that the reader tells, that do not come back as they were."""
    lost = frozenset[str]().union(*(limit.lost for limit in limits(cell, reader)))
    return lost & (reader.tells | {"opens"})


def verdict(cell: Cell, reader: Reader, besides: str = "") -> tuple[str, list[str]]:
    """What the documentation says of a place, with the sentences that explain it.

    Args:
        cell: the place.
        reader: of the cell.
        besides: what is said elsewhere, and not here once more.
    """
    found = [limit for limit in limits(cell, reader) if limit.sentence not in besides]
    if found:
        return max((limit.verdict for limit in found), key=_WORST_LAST.index), [limit.sentence for limit in found]
    about = next(feature.about for feature in FEATURES if feature.name == cell.feature)
    return (KEPT if about <= reader.tells else SILENT), []
