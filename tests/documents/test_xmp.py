"""What a document says of itself: who made the picture, with what, and by which recipe."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from apps import gimp_run, krita_save, missing
from document_stacks import names, scene
from hypothesis import given
from hypothesis import strategies as st
from mutations import sums
from PIL import Image, PngImagePlugin
from psd_tools import PSDImage

import layersr
from layersr import documents
from layersr.cli import run
from layersr.documents import xmp
from layersr.images import read_image, write_image
from layersr.layers import CREDITS
from layersr.pipeline import as_stack

SAID = {"title": "Löwe <&> 猫", "creator": "Åsa", "rights": "© 2026\nall", "description": "a\tlion"}
DC = "{http://purl.org/dc/elements/1.1/}"


@given(st.dictionaries(st.sampled_from(CREDITS), names | st.text()), names | st.text())
def test_packets_are_well_formed_whatever_is_said(credits: dict[str, str], recipe: str):
    made = xmp.packet(credits, recipe, "image/png")
    ElementTree.fromstring(made)
    assert xmp.read(made) == xmp.stored_credits(credits)
    assert xmp.stored_credits(xmp.stored_credits(credits)) == xmp.stored_credits(credits)


def packet_in(path: Path) -> bytes:
    """The packet of a document, found by other libraries."""
    if path.suffix in (".psd", ".psb"):
        return PSDImage.open(path).image_resources.get_data(1060)
    if path.suffix in (".ora", ".kra"):
        with zipfile.ZipFile(path) as archive:
            merged = archive.read("mergedimage.png")
    else:
        merged = (path / "merged.png").read_bytes()
    with Image.open(io.BytesIO(merged)) as opened:
        opened.load()
        return opened.info["xmp"]


@pytest.mark.parametrize("name", ["x.psd", "x.psb", "x.ora", "x.kra", "x"])
def test_documents_say_who_made_them_and_how(tmp_path: Path, name: str):
    stack = replace(scene(np.uint8), credits=SAID, recipe='scale = 2\ntext = "<猫>"\n')
    documents.write(stack, tmp_path / name)
    packet = packet_in(tmp_path / name)
    root = ElementTree.fromstring(packet)
    said = {element.tag.partition("}")[2]: element for element in root.iter()}
    assert said["CreatorTool"].text == f"layersr {layersr.__version__}"
    assert said["format"].text.startswith("i" if name != "x.kra" else "application/x-krita")
    assert said["recipe"].text == stack.recipe
    assert xmp.read(packet) == SAID
    with io.BytesIO(packet) as file:
        assert not {"CreateDate", "ModifyDate"} & {e.tag.partition("}")[2] for e in ElementTree.parse(file).iter()}


@pytest.mark.parametrize("name", ["x.psd", "x.psb", "x.ora", "x.kra", "x.xcf", "x"])
def test_credits_come_back(tmp_path: Path, name: str):
    stack = replace(scene(np.uint8), credits=SAID)
    documents.write(stack, tmp_path / name)
    assert dict(documents.read(tmp_path / name).credits) == SAID


def test_what_was_said_anew_in_photoshop_counts(tmp_path: Path):
    documents.write(replace(scene(np.uint8), credits=SAID), tmp_path / "x.psd")
    psd = PSDImage.open(tmp_path / "x.psd")
    psd.image_resources[1060].data = xmp.packet({"creator": "Bo"}, "", "")
    psd.save(tmp_path / "y.psd")
    assert documents.read(tmp_path / "y.psd").credits == {"creator": "Bo"}


OTHERS = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:description="short"><dc:title><rdf:Alt>
<rdf:li xml:lang="de">Hund</rdf:li><rdf:li xml:lang="x-default">dog</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>A</rdf:li><rdf:li>B</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_packets_of_others_are_read():
    assert xmp.read(OTHERS) == {"title": "dog", "creator": "A, B", "description": "short"}
    assert xmp.read(b"\xef\xbb\xbf" + OTHERS + b"\0") == xmp.read(OTHERS)
    bomb = b'<!DOCTYPE a [<!ENTITY b "cc">]>' + OTHERS.replace(b"dog", b"&b;")
    for damaged in (b"", b"<", OTHERS[:-9], bomb, b"\xff" * 99):
        assert xmp.read(damaged) == {}


def with_packet(path: Path) -> None:
    """A picture that says it in XMP."""
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", OTHERS.decode())
    how = {".png": {"pnginfo": texts}, ".tif": {"tiffinfo": {700: OTHERS}}}.get(path.suffix, {"xmp": OTHERS})
    Image.new("RGB", (8, 6)).save(path, **how)


def with_exif(path: Path) -> None:
    """A picture that says it in EXIF, in UTF-8 as most programs write it."""
    exif = Image.Exif()
    exif[315], exif[33432] = "__sa", "public domain"
    Image.new("RGB", (8, 6)).save(path, exif=exif)
    changed = path.read_bytes().replace(b"__sa", "Åsa".encode())
    path.write_bytes(sums(changed, 0, 0, b"") if path.suffix == ".png" else changed)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
@pytest.mark.parametrize(
    ("save", "said"),
    [(with_packet, xmp.read(OTHERS)), (with_exif, {"creator": "Åsa", "rights": "public domain"})],
)
def test_a_picture_keeps_its_maker(tmp_path: Path, name: str, save: Callable[[Path], None], said: dict[str, str]):
    save(tmp_path / name)
    image = read_image(tmp_path / name)
    assert dict(image.credits) == said
    documents.write(as_stack(image, "x"), tmp_path / "x.psd")
    assert xmp.read(packet_in(tmp_path / "x.psd")) == said


def test_a_png_keeps_what_its_texts_say(tmp_path: Path):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Bo")
    texts.add_itxt("Title", "猫")
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png", pnginfo=texts)
    assert dict(read_image(tmp_path / "a.png").credits) == {"creator": "Bo", "title": "猫"}
    assert dict(read_image(Path(__file__).parents[2] / "samples" / "balloons.png").credits) == {}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_flat_pictures_say_who_made_them(tmp_path: Path, suffix: str):
    stack = replace(scene(np.uint8), credits=SAID)
    documents.write(stack, tmp_path / "x.ora")
    assert run(["flatten", str(tmp_path / "x.ora"), str(tmp_path / f"x{suffix}")]) == 0
    assert dict(read_image(tmp_path / f"x{suffix}").credits) == SAID
    assert run(["fill", str(tmp_path / f"x{suffix}"), str(tmp_path / "y.png"), "--mask", mask(tmp_path)]) == 0
    assert dict(read_image(tmp_path / "y.png").credits) == SAID


def mask(folder: Path) -> str:
    pixels = np.zeros((64, 96, 4), np.uint8)
    pixels[30:40, 30:40] = 255
    write_image(pixels, folder / "mask.png")
    return str(folder / "mask.png")


@pytest.mark.apps
@pytest.mark.skipif(bool(missing("krita", "Xvfb")), reason=missing("krita", "Xvfb"))
def test_krita_knows_who_made_it(tmp_path: Path):
    documents.write(replace(scene(np.uint8), credits=SAID), tmp_path / "x.kra")
    krita_save(tmp_path / "x.kra", tmp_path / "y.kra")
    with zipfile.ZipFile(tmp_path / "y.kra") as archive:
        root = ElementTree.fromstring(archive.read("documentinfo.xml"))
    told = {element.tag.partition("}")[2]: element.text for element in root.iter()}
    assert told["title"] == SAID["title"]
    assert told["abstract"] == SAID["description"]
    assert told["initial-creator"] == SAID["creator"]
    assert told["license"] == SAID["rights"]


@pytest.mark.apps
@pytest.mark.skipif(bool(missing("gimp")), reason=missing("gimp"))
def test_gimp_knows_who_made_it(tmp_path: Path):
    """What it exports from our XCF says it too."""
    documents.write(replace(scene(np.uint8), credits=SAID), tmp_path / "x.xcf")
    out = tmp_path / "out.png"
    gimp_run(
        f"""
        (let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{tmp_path / "x.xcf"}" "x")))
               (flat (car (gimp-image-merge-visible-layers image CLIP-TO-IMAGE))))
          (file-png-save RUN-NONINTERACTIVE image flat "{out}" "out" 0 1 0 0 0 0 0))
        (gimp-quit 0)""",
        out,
    )
    assert dict(read_image(out).credits) == SAID
