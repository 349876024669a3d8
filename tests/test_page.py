"""The page of `layersr view`, without a browser: one file, nothing from elsewhere, the same bytes, names as text."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import color, documents, pipeline, references
from layersr.cli import cli
from layersr.flattening import flatten
from layersr.images import write_image
from layersr.layers import Image, Layer, LayerStack
from layersr.recipe import Recipe, dumps
from layersr.viewing.page import PARTS, page
from layersr.viewing.shrinking import in_srgb, shrunk
from layersr.viewing.telling import told
from viewed_stacks import HOSTILE, everything, plain


class Elements(HTMLParser):
    """Every start tag of a page, and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts.append(data)


def leaves(tree: list[dict]) -> list[dict]:
    return [leaf for node in tree for leaf in (leaves(node["children"]) if "children" in node else [node])]


def pixels_of(picture: str) -> np.ndarray:
    return np.asarray(PIL.Image.open(BytesIO(base64.b64decode(picture))).convert("RGBA"))


def test_it_asks_for_nothing_from_elsewhere():
    text = page(everything(), "all")
    for _, attributes in Elements(text).tags:
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            assert attributes.get(name, "#").startswith("#")
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text)
    policy = next(a["content"] for _, a in Elements(text).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")


def test_every_file_of_the_script_is_in_it():
    folder = Path(references.__file__).parent / "viewing" / "script"
    assert {f"{part}.js" for part in PARTS} == {file.name for file in folder.iterdir()}
    assert all((folder / f"{part}.js").read_text(encoding="utf-8") in page(plain(), "x") for part in PARTS)


@settings(max_examples=12)
@given(name=st.text(max_size=30) | st.sampled_from([HOSTILE, "<!--<script>", "]]>", "\u2028", "${x}", "$policy"]))
def test_names_are_text_whatever_they_hold(name: str):
    stack = LayerStack(4, 4, (Layer(name, np.full((4, 4, 4), 255, np.uint8), group=(name,)),))
    usual = LayerStack(4, 4, (Layer("layer", np.full((4, 4, 4), 255, np.uint8), group=("group",)),))
    found, expected = Elements(page(stack, name)), Elements(page(usual, "page"))
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in expected.tags]
    tree = json.loads(found.scripts[0])["tree"]
    assert tree[0]["name"] == name
    assert tree[0]["children"][0]["name"] == name


def test_the_same_document_gives_the_same_bytes():
    assert page(everything(), "x") == page(everything(), "x")


def test_it_has_the_layers_exactly_as_they_are():
    stack = plain()
    for layer, listed in zip(stack.layers, leaves(told(stack, 1600, None, "x")["tree"]), strict=True):
        np.testing.assert_array_equal(pixels_of(listed["image"]), layer.pixels)
        assert (listed["left"], listed["top"]) == (layer.left, layer.top)


def test_layers_are_cropped_to_what_is_there():
    pixels = np.zeros((50, 60, 4), np.uint8)
    pixels[10:20, 30:45] = 200
    stack = LayerStack(60, 50, (Layer("small", pixels), Layer("nothing", np.zeros((9, 9, 4), np.uint8))))
    small, nothing = leaves(told(stack, 1600, None, "x")["tree"])
    assert [small[key] for key in ("left", "top", "width", "height")] == [30, 10, 15, 10]
    assert (nothing["image"], nothing["width"]) == (None, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_shrunk_it_shows_the_shrunk_picture(dtype: type):
    stack = everything(dtype)
    small = shrunk(stack, 80)
    assert (small.width, small.height, small.dtype) == (80, 60, np.uint8)
    flat = flatten(stack).astype(np.float64) / np.iinfo(dtype).max * 255
    blocks = flat.reshape(60, 3, 80, 3, 4).mean(axis=(1, 3))
    assert np.abs(flatten(small) - blocks).mean() < 4


def test_16_bits_become_8():
    error = np.abs(flatten(shrunk(everything(np.uint16), 1600)) - flatten(everything(np.uint16)) / 257)
    assert np.quantile(error, 0.999) <= 2  # where colours are dodged, half a code value becomes several


def test_what_lies_far_off_is_left_out_and_what_lies_near_stays():
    wide = Layer("wide", np.full((10, 900, 4), 200, np.uint8), -400, 0)
    stack = LayerStack(100, 80, (wide,))
    (layer,) = shrunk(stack, 1600).layers
    assert (layer.left, layer.width) == (-100, 300)


def test_other_colour_spaces_are_shown_in_srgb_and_broken_profiles_left_alone():
    pixels = plain().layers[1].pixels
    assert in_srgb(pixels, color.srgb_profile()) is pixels
    assert in_srgb(pixels, b"no profile at all") is pixels
    swapped = color.srgb_profile().replace(b"rXYZ", b"?").replace(b"bXYZ", b"rXYZ").replace(b"?", b"bXYZ")
    found = in_srgb(pixels, swapped)
    assert np.abs(found[0, 0].astype(int) - pixels[0, 0, [2, 1, 0, 3]]).max() <= 2  # its red is our blue


def test_the_reference_is_what_it_is_compared_with_and_no_layer():
    stack = plain()
    other = flatten(stack)
    other[:, :, 0] ^= 64
    kept = replace(stack, layers=(*stack.layers, references.original(Image(other), stack)))
    found = told(kept, 1600, None, "x")
    np.testing.assert_array_equal(pixels_of(found["original"]), other)
    assert [leaf["name"] for leaf in leaves(found["tree"])] == [layer.name for layer in stack.layers]
    assert told(kept, 1600, Image(flatten(stack)), "x")["original"] is None  # what is shown anyway is not kept twice
    assert told(stack, 1600, None, "x")["compared"] == "the picture as it was opened"


def test_the_report_says_what_to_check():
    made = replace(plain(), recipe=dumps(Recipe(scale=1)))
    kept = replace(made, layers=(*made.layers, references.original(Image(flatten(made)), made)))
    report = told(kept, 1600, None, "x")["report"]
    assert report["recomposition"]["identical"] is True
    assert any("little confidence" in sentence for sentence in report["check"])
    assert told(plain(), 1600, None, "x")["report"]["check"] == []


def test_safe_travel_is_told_in_pixels_of_the_document():
    grey = np.full((300, 400, 4), 255, np.uint8)
    under, over = (np.full((60, size, 4), 255, np.uint8) for size in (80, 40))
    layers = (Layer("ground", grey), Layer("under", under, 100, 100), Layer("over", over, 160, 100))
    stack = LayerStack(400, 300, layers)
    travel = [leaf["travel"] for leaf in leaves(told(stack, 200, None, "x")["tree"])]
    assert travel[0] == [None] * 4
    assert travel[1][1] == 20  # its right end lies 20 pixels below what covers it


def test_with_very_many_layers_travel_is_looked_for_in_fewer_pixels(monkeypatch: pytest.MonkeyPatch):
    exact = [leaf["travel"] for leaf in leaves(told(plain(), 1600, None, "x")["tree"])]
    monkeypatch.setattr("layersr.travel.WORK", 160 * 120)
    for found, whole in zip(leaves(told(plain(), 1600, None, "x")["tree"]), exact, strict=True):
        assert all(a == b or b - 9 <= a <= b for a, b in zip(found["travel"], whole, strict=True))


def test_a_real_picture_stays_small(samples: Path):
    stack = documents.read(samples / "ocean_of_eyes.truth.ora")
    assert len(page(stack, "ocean")) < 6_000_000


def call(*arguments: str):
    return CliRunner().invoke(cli, arguments, catch_exceptions=True)


def test_the_command_writes_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    documents.write(plain(), "in.ora")
    write_image(flatten(plain()), "flat.png")
    assert call("view", "in.ora", "-o", "out.html").exit_code == 0
    assert "in.ora" in re.search(r"<title>(.*?)</title>", Path("out.html").read_text(encoding="utf-8"))[1]
    assert call("view", "flat.png", "-o", "flat.html", "--size", "80").exit_code == 0
    assert '"width":80,' in Path("flat.html").read_text(encoding="utf-8")
    assert "exists already" in str(call("view", "in.ora", "-o", "out.html").exception)
    assert call("view", "in.ora", "-o", "out.html", "--force").exit_code == 0
    assert "should end in .html" in str(call("view", "in.ora", "-o", "out.png").exception)
    assert "is an input too" in str(call("view", "in.ora", "-o", "o.html", "--original", "o.html").exception)


def test_export_writes_the_same_page_as_its_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    stack = replace(plain(), recipe=dumps(Recipe(scale=1)))
    monkeypatch.setattr(pipeline, "run", lambda image, recipe, report: stack)
    write_image(flatten(stack), "in.png")
    assert call("export", "in.png", "out.kra", "--scale", "1", "--preview", "page.html").exit_code == 0
    assert call("export", "in.png", "out.kra", "--force", "--preview", "in.png").exit_code != 0
    found = json.loads(Elements(Path("page.html").read_text(encoding="utf-8")).scripts[0])
    assert [leaf["name"] for leaf in leaves(found["tree"])] == [layer.name for layer in stack.layers]
    assert found["title"] == "in.png"
    assert found["report"]["recomposition"]["identical"] is True


def test_without_a_place_the_page_stays_and_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: bool(opened.append(address)))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    documents.write(plain(), tmp_path / "in.ora")
    result = call("view", str(tmp_path / "in.ora"))
    (written,) = tmp_path.glob("layersr-view-*/in.html")
    assert opened == [written.as_uri()]
    assert f"open {written} in one yourself" in result.stderr
