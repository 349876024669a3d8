"""Features x formats x depths x readers: what is measured is what `matrix_limits` expects, no worse and no better."""

import pytest
from matrix import READERS, Cell, Measured, measure
from matrix_features import FEATURES, Feature, stack_of
from matrix_limits import BAKED, LIMITS, SILENT, UNWRITTEN, expected, limits, verdict
from matrix_page import PAGE, READER_OF, disagreements, tables
from readers import Reader

from layersr import documents

APPLICATIONS = ("Krita", "GIMP")


@pytest.mark.parametrize(
    "reader",
    [
        pytest.param(
            reader,
            id=reader.name,
            marks=[
                pytest.mark.skipif(bool(reader.missing()), reason=reader.missing()),
                *([pytest.mark.apps] if reader.name in APPLICATIONS else []),
            ],
        )
        for reader in READERS
    ],
)
def test_what_survives_is_what_is_expected(reader: Reader):
    measured: dict[Cell, Measured] = measure(reader)
    assert not disagreements(measured)
    written = {(cell.feature, cell.format) for cell in measured}
    assert {(feature.name, format) for feature in FEATURES for format in reader.formats} - written <= set(UNWRITTEN)


def test_the_page_says_what_is_expected():
    """To make it anew: python tests/documents/matrix_page.py."""
    page = PAGE.read_text("utf-8")
    for table in tables().values():
        assert table in page


def test_every_limit_is_about_something():
    """No sentence stays behind when its cause is gone."""
    cells = [
        Cell(feature.name, format, bits, reader.name)
        for feature in FEATURES
        for reader in READERS
        for format in (*reader.formats, *reader.refuses)
        for bits in (8, 16)
        if (feature.name, format) not in UNWRITTEN
    ]
    for limit in LIMITS:
        assert any(limit in limits(cell, READER_OF[cell.reader]) for cell in cells), limit.sentence
        assert limit.verdict != BAKED or "picture" not in limit.lost, limit.sentence
        assert limit.verdict == SILENT or "opens" not in limit.lost, limit.sentence


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_what_is_lost_is_told(feature: Feature):
    """`losses` says something where our reader does not get back what was written, where Krita and GIMP show it
    differently, and where a PSD says it otherwise for Krita; and only there. Locks do not show: those that a PSD holds,
    and they pass over, are not lost."""
    stack = stack_of(feature, 8)
    for format in READERS[0].formats:
        own = expected(Cell(feature.name, format, 8, "layersr"), READER_OF["layersr"])
        seen = [
            expected(Cell(feature.name, format, 8, name), READER_OF[name])
            for name in APPLICATIONS
            if format in READER_OF[name].formats and feature.name != "colour profile"
        ]
        said, _ = verdict(Cell(feature.name, format, 8, "Krita"), READER_OF["Krita"])
        baked = format in ("psd", "psb") and said == BAKED
        counts = {"picture"} if format in ("psd", "psb") else {"picture", "locks"}
        told = documents.losses(stack, "folder/" if format == "folder" else f"x.{format}")
        assert bool(told) == (bool(own) or any(counts & lost for lost in seen) or baked), (format, told)
