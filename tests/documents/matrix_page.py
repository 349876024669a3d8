"""The documentation of what survives where: one table a format, from what `matrix_limits` expects.

`python tests/documents/matrix_page.py` measures all readers and writes docs/formats.md anew, if they agree.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from matrix import DEPTHS, FORMATS, READERS, Cell, Measured, measure
from matrix_features import FEATURES
from matrix_limits import SILENT, UNWRITTEN, expected, limits, verdict
from readers import Reader

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"

TITLES = {
    "psd": "Photoshop, `.psd`",
    "psb": "Photoshop for large documents, `.psb`",
    "ora": "OpenRaster, `.ora`",
    "kra": "Krita, `.kra`",
    "xcf": "GIMP, `.xcf`",
    "folder": "Folder of PNGs",
}

HEAD = """# What survives where
Made by `python tests/documents/matrix_page.py` from what `test_matrix.py` beside it measures; do not edit by hand.

Each feature is a small document (`tests/documents/matrix_features.py`), written by layersr at 8 and at 16 bit and
opened in real readers. Compared are names, groups, visibility, opacity, blend modes, positions and pixels of layers
(every bit), masks, clipping, locks, colour profile, resolution, and the flattened picture: as the reader composites it,
or for ag-psd, pytoshop and ImageMagick the one that stands in the file. Krita is asked through its `kritarunner`, GIMP
by Script-Fu; Photoshop was not at hand.

- ✓ all of it is as it was, the picture within what rounding gives
- baked: written otherwise than it was meant, so that it looks right there
- ≈ the reader builds or tells it otherwise, and it looks right
- ✗ something is not as it was
- – the reader does not tell of it, or cannot open it, for the reason given

What holds of a reader for all features of a format stands once, below the table.
"""

READERS_HEAD = """## Readers
The last two columns: how far a flattened picture was from the exact one at most, in 1/255, premultiplied, where it
counts as kept; 0.5 is perfect rounding to 8 bits.
"""


READER_OF = {reader.name: reader for reader in READERS}


def tables() -> dict[str, str]:
    """The table of each format, as Markdown, from what is expected."""
    return {format: _table(format) for format in FORMATS}


def _table(format: str) -> str:
    readers = [reader for reader in READERS if format in reader.formats]
    notes: list[str] = []
    lines = [_row(["", *(reader.name for reader in readers)]), _row(["---"] + [":-:"] * len(readers))]
    for feature in FEATURES:
        if (feature.name, format) in UNWRITTEN:
            lines.append(
                _row([feature.name, *[_noted(SILENT, [UNWRITTEN[feature.name, format]], notes)] * len(readers)])
            )
        else:
            lines.append(_row([feature.name, *(_cell(feature.name, format, reader, notes) for reader in readers)]))
    about_all = [_about_all(format, bits, reader) for reader in READERS for bits in DEPTHS]
    numbered = "\n".join(f"{n}. {note}" for n, note in enumerate(notes, 1))
    parts = [f"## {TITLES[format]}", "\n".join(lines), numbered, " ".join(dict.fromkeys(filter(None, about_all)))]
    return "\n\n".join(filter(None, parts)) + "\n"


def _about_all(format: str, bits: int, reader: Reader) -> str:
    """What holds for everything at a depth, and so would stand in every cell."""
    cells = [Cell(feature.name, format, bits, reader.name) for feature in FEATURES]
    kinds = [limit for limit in limits(cells[0], reader) if limit.features == ("",)]
    return " ".join(limit.sentence for limit in kinds)


def _cell(feature: str, format: str, reader: Reader, notes: list[str]) -> str:
    found = []
    for bits in DEPTHS:
        said = _about_all(format, bits, reader)
        found.append(_noted(*verdict(Cell(feature, format, bits, reader.name), reader, besides=said), notes))
    return found[0] if found[0] == found[1] else " / ".join(found)


def _noted(word: str, sentences: list[str], notes: list[str]) -> str:
    """The word, with the numbers of its sentences, which are added to the notes."""
    notes.extend(sentence for sentence in dict.fromkeys(sentences) if sentence not in notes)
    return word + "".join(f" <sup>{n}</sup>" for n in sorted({notes.index(sentence) + 1 for sentence in sentences}))


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def page(measured: Mapping[Cell, Measured]) -> str:
    """The whole page."""
    lines = [_row(["reader", "version", "opens", "8 bit", "16 bit"]), _row(["---"] * 3 + ["--:"] * 2)]
    for reader in READERS:
        opens = ", ".join(format if format == "folder" else f".{format}" for format in reader.formats)
        far = (_far(measured, reader, bits) for bits in DEPTHS)
        lines.append(_row([reader.name, reader.version(), opens, *far]))
    readers = [READERS_HEAD, *lines, "", "Where 8 and 16 bit differ, a cell below says both: 8 / 16.", ""]
    return "\n".join([HEAD, *readers, *tables().values()])


def _far(measured: Mapping[Cell, Measured], reader: Reader, bits: int) -> str:
    """The largest difference of a picture that counts as kept, in 1/255."""
    kept = [
        found.difference
        for cell, found in measured.items()
        if (cell.reader, cell.bits) == (reader.name, bits) and not found.lost & {"picture", "opens"}
    ]
    return f"{max(kept):.3f}" if kept else SILENT


def disagreements(measured: Mapping[Cell, Measured]) -> list[str]:
    """Where what was measured is worse or better than what is expected."""
    return [
        f"{cell.reader}, .{cell.format}, {cell.bits} bit, {cell.feature}: lost {sorted(found.lost)}"
        f" (picture {found.difference:.3f}/255), expected {sorted(expected(cell, READER_OF[cell.reader]))}"
        for cell, found in measured.items()
        if found.lost != expected(cell, READER_OF[cell.reader])
    ]


def main() -> None:
    """Measure, compare, write."""
    if missing := [reason for reader in READERS if (reason := reader.missing())]:
        sys.exit("\n".join(missing))
    measured = {cell: found for reader in READERS for cell, found in measure(reader).items()}
    if wrong := disagreements(measured):
        sys.exit("\n".join(wrong))
    PAGE.write_text(page(measured), "utf-8", newline="\n")


if __name__ == "__main__":
    main()
