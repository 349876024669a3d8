"""What a sheet's letters are set in: a PDF's own font where that has them all, else fonts of this machine.

A PDF's own fonts have the letters of Latin-1. Where a name has others, a font that has them is looked for among those
that systems bring, and embedded, as much of it as is used. What none has is transliterated, or left out.
"""

import os
import struct
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FONTS = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("Arial.ttf", "Arialbd.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
    ("SegoeUI.ttf", "SegoeUIb.ttf"),
    ("Arial Unicode.ttf", "Arial Unicode.ttf"),
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("DroidSansFallback.ttf", "DroidSansFallback.ttf"),
    ("DroidSansFallbackFull.ttf", "DroidSansFallbackFull.ttf"),
    ("wqy-microhei.ttc", "wqy-microhei.ttc"),
    ("msyh.ttc", "msyhbd.ttc"),
    ("YuGothR.ttc", "YuGothB.ttc"),
    ("malgun.ttf", "malgunbd.ttf"),
    ("Hiragino Sans GB.ttc", "Hiragino Sans GB.ttc"),
    ("AppleSDGothicNeo.ttc", "AppleSDGothicNeo.ttc"),
    ("NotoEmoji-Regular.ttf", "NotoEmoji-Regular.ttf"),
    ("Symbola.ttf", "Symbola.ttf"),
)
"""Files of fonts, regular and bold, the most wanted first; upper and lower case are the same."""

SHAPED = range(0x590, 0x1E00)
"""Scripts whose letters join, stack or run leftwards need more than a font; they are not set."""

PLAIN = {"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "–": "-", "—": "-", "…": "...", "ł": "l", "Ł": "L"}


@dataclass(frozen=True)
class Font:
    """A font of this machine.

    Attributes:
        regular: its file.
        bold: the file of its bold letters.
        letters: what it can spell.
    """

    regular: Path
    bold: Path
    letters: frozenset[str]


def folders() -> list[Path]:
    """Where systems keep fonts."""
    home = Path.home()
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]


def fonts(text: str) -> tuple[Font, ...]:
    """The fonts to set a text in, the first for all that it has; none where a PDF's own does, or nothing helps."""
    wanted = {c for c in text if ord(c) > 255 and c.isprintable() and ord(c) not in SHAPED}
    if not wanted:
        return ()
    files = {path.name.lower(): path for folder in folders() for path in sorted(folder.rglob("*.tt[fc]"))}
    latin = frozenset(map(chr, range(32, 127)))
    first: Font | None = None
    found: list[Font] = []
    for regular, bold in FONTS:
        path = files.get(regular.lower())
        if path is None:
            continue
        heavy = files.get(bold.lower(), path)
        font = Font(path, heavy, frozenset(_letters(path) & _letters(heavy)))
        if first is None and latin <= font.letters:
            first = font
        if font.letters & wanted:
            found.append(font)
            wanted -= font.letters
    if first is None or not found:
        return ()
    return (first, *(font for font in found if font is not first))


def spelt(text: str, fonts: Iterable[Font] = ()) -> str:
    """The text in letters that there are: without the accents they lack, and without what has no such form."""
    there = set().union(*(font.letters for font in fonts))

    def known(c: str) -> bool:
        return c.isprintable() and ord(c) not in SHAPED and (c in there if there else ord(c) < 256)

    kept = []
    for character in unicodedata.normalize("NFC", " ".join(text.split())):
        parts = unicodedata.normalize("NFKD", character)
        forms = (character, PLAIN.get(character, ""), "".join(c for c in parts if not unicodedata.combining(c)))
        kept.append(next((form for form in forms if form and all(map(known, form))), ""))
    return " ".join("".join(kept).split())


def _letters(path: Path) -> set[str]:
    """What a font can spell; nothing if it cannot be read, or must not be embedded."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with path.open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as font:
            if font["OS/2"].fsType & 0x0F == 0x02:  # its maker does not allow it
                return set()
            return set(map(chr, font.getBestCmap() or {}))
    except (OSError, TTLibError, KeyError, AssertionError, ValueError, struct.error):
        return set()
