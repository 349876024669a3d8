"""Names in any letters on the sheet of a roadmap, with fonts that are made here."""

import re
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from layersr.roadmap import Roadmap, draw_roadmap, lettering, sheet
from layersr.roadmap.lettering import fonts, spelt
from roadmap_scene import scene

LATIN = "".join(map(chr, range(32, 127)))


def font(path: Path, letters: str, embeddable: bool = True) -> None:
    """A font of boxes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [".notdef", *(f"u{ord(c):04X}" for c in sorted(set(letters)))]
    pen = TTGlyphPen(None)
    for n, at in enumerate([(0, 0), (0, 700), (500, 700), (500, 0)]):
        (pen.lineTo if n else pen.moveTo)(at)
    pen.closePath()
    box = pen.glyph()
    made = FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap({ord(c): f"u{ord(c):04X}" for c in letters})
    made.setupGlyf(dict.fromkeys(names, box))
    made.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    made.setupHorizontalHeader(ascent=800, descent=-200)
    made.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    made.setupOS2(fsType=0 if embeddable else 2)
    made.setupPost()
    made.save(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lettering, "folders", lambda: [tmp_path / "fonts", tmp_path / "none"])
    return tmp_path / "fonts"


@pytest.fixture(scope="module")
def drawn() -> Roadmap:
    return draw_roadmap(scene(20, 24), strokes=20, colours=4)


def named(drawn: Roadmap, *names: str) -> Roadmap:
    steps = (replace(step, thing=names[n % len(names)]) for n, step in enumerate(drawn.steps))
    return replace(drawn, steps=tuple(steps))


def read(pdf: bytes) -> str:
    """The text of a PDF in embedded fonts: its codes, by the map to Unicode of the font in use."""
    objects = {int(n): body for n, body in re.findall(rb"(?s)(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", pdf)}

    def stream(number: int) -> bytes:
        data = re.search(rb"(?s)stream\r?\n(.*?)\r?\nendstream", objects[number])[1]
        return zlib.decompress(data) if b"FlateDecode" in objects[number] else data

    maps = {}
    for number, body in objects.items():
        found = re.search(rb"/ToUnicode (\d+) 0 R", body)
        if found:
            pairs = re.findall(rb"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>\n", stream(int(found[1])))
            maps[number] = {int(a, 16): bytes.fromhex(b.decode()).decode("utf-16-be") for a, b in pairs}
    ids = {name: int(n) for body in objects.values() for name, n in re.findall(rb"/(F\d+) (\d+) 0 R", body)}
    said = []
    for number in (n for n, body in objects.items() if b"stream" in body and b"/Image" not in body):
        known: dict[int, str] = {}
        for name, code in re.findall(rb"(?s)/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", stream(number)):
            known = maps.get(ids.get(name, 0), {}) if name else known
            raw = re.sub(rb"(?s)\\(.)", lambda m: {b"n": b"\n", b"r": b"\r"}.get(m[1], m[1]), code)
            said.append("".join(known.get(a << 8 | b, "") for a, b in zip(raw[::2], raw[1::2], strict=True)))
    return "".join(said)


def test_names_in_other_letters_come_out_right_where_there_is_a_font(folder: Path, drawn: Roadmap, tmp_path: Path):
    font(folder / "deep/DejaVuSans.ttf", LATIN + "łąkaЖенщина„”")
    font(folder / "DroidSansFallback.ttf", "猫花")
    sheet.write(named(drawn, "Łąka", "Женщина", "猫 a 花"), tmp_path / "a.pdf", "„łąka”")
    pdf = (tmp_path / "a.pdf").read_bytes()
    said = read(pdf)
    for name in ("„łąka”", "Ląka: ", "Женщина: ", "猫 a 花: ", "light and dark"):  # there is no Ł
        assert name in said
    sheet.write(named(drawn, "Łąka", "Женщина", "猫 a 花"), tmp_path / "b.pdf", "„łąka”")
    assert (tmp_path / "b.pdf").read_bytes() == pdf


def test_what_no_font_has_is_told_on_the_sheet(folder: Path, drawn: Roadmap, tmp_path: Path):
    font(folder / "DejaVuSans.ttf", LATIN + "Жен")
    sheet.write(named(drawn, "Жен 猫"), tmp_path / "a.pdf", "sea")
    said = read((tmp_path / "a.pdf").read_bytes())
    assert sheet.UNSPELT in said
    assert "Жен:" in said
    sheet.write(named(drawn, "Жен"), tmp_path / "b.pdf", "sea")
    assert "transliterated" not in read((tmp_path / "b.pdf").read_bytes())


def test_without_fonts_letters_are_transliterated_and_latin_needs_none(folder: Path):
    assert fonts("łąka 猫") == ()
    assert spelt("Łąka „x” — 猫 é") == 'Laka "x" - é'
    font(folder / "DejaVuSans.ttf", LATIN + "ł")
    assert fonts("Öl, café") == ()
    assert [one.regular.name for one in fonts("ł")] == ["DejaVuSans.ttf"]


def test_fonts_that_help_in_nothing_are_not_taken(folder: Path):
    (folder / "x").mkdir(parents=True)
    (folder / "x/NotoSans-Regular.ttf").write_bytes(b"no font at all")
    font(folder / "DejaVuSans.ttf", LATIN)
    font(folder / "Arial.ttf", LATIN + "ł", embeddable=False)
    font(folder / "DroidSansFallback.ttf", "猫")
    assert fonts("ł") == ()
    assert [one.regular.name for one in fonts("猫 ł")] == ["DejaVuSans.ttf", "DroidSansFallback.ttf"]
    assert spelt("猫 ł", fonts("猫 ł")) == "猫 l"


def test_scripts_that_need_shaping_are_not_set_wrongly(folder: Path):
    font(folder / "DejaVuSans.ttf", LATIN + "سلام")
    assert fonts("سلام") == ()
    assert spelt("سلام a") == "a"
