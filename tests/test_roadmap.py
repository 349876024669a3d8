"""A painter's roadmap: its laws, and what is written of it."""

import json
import re
import zlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

import layersr
from layersr import documents, pipeline
from layersr.cli import cli
from layersr.errors import OutputError, UsageError
from layersr.flattening import flatten
from layersr.images import write_image
from layersr.layers import Image, LayerStack
from layersr.progress import Progress
from layersr.roadmap import Roadmap, draw_roadmap, film, lettering, outputs, page, sheet, stages, words
from layersr.roadmap.documents import as_document, laid
from layersr.roadmap.palette import swatches
from layersr.strokes import paint
from roadmap_scene import psnr, scene


@pytest.fixture(scope="module")
def drawn() -> Roadmap:
    return draw_roadmap(scene(), strokes=300, colours=10)


def assert_lawful(drawn: Roadmap, strokes: int, colours: int) -> None:
    assert len(drawn.strokes) <= strokes
    assert len(drawn.palette) <= colours
    assert {stroke.colour for stroke in drawn.strokes} <= {swatch.colour for swatch in drawn.palette}
    for one, other in pairwise(drawn.steps):
        assert one.part <= other.part
        if one.part == other.part:
            assert one.widths[0] > other.widths[0]
    assert all(list(step.widths) == sorted(step.widths, reverse=True) for step in drawn.steps)
    counts = [sum(uses.values()) for uses in drawn.uses().values()]
    assert sum(counts) == len(drawn.strokes)


def test_stages_follow_the_stack_and_brushes_become_finer(drawn: Roadmap):
    assert_lawful(drawn, 300, 10)
    things = list(dict.fromkeys(step.thing for step in drawn.steps))
    assert things == ["ground and light", "background", "sun", "猫 👁", "alike", "the whole picture"]
    first, last = drawn.steps[0], drawn.steps[-1]
    assert first.name == "light and dark"
    assert min(first.widths) > max(last.widths)


def test_the_last_canvas_is_the_nearest_to_the_picture(drawn: Roadmap):
    errors = [psnr(canvas, drawn.picture) for canvas in drawn.canvases]
    assert errors[-1] > errors[0] + 8
    assert errors[-1] == max(errors)


@given(
    st.sampled_from([(8, 8), (12, 50), (30, 24)]), st.sampled_from([np.uint8, np.uint16]), st.integers(1, 60),
    st.integers(2, 12), st.integers(0, 3),
)  # fmt: skip
@settings(max_examples=6)
def test_any_picture_keeps_the_laws_and_comes_again(size, dtype, strokes, colours, seed):
    stack = scene(*size, dtype, seed)
    drawn = draw_roadmap(stack, strokes=strokes, colours=colours, seed=seed)
    assert_lawful(drawn, strokes, colours)
    again = draw_roadmap(stack, strokes=strokes, colours=colours, seed=seed)
    assert (drawn.strokes, drawn.palette) == (again.strokes, again.palette)
    assert_flattens(drawn)


def assert_flattens(drawn: Roadmap) -> None:
    """The layers up to each stage show the canvas as it is then, within 1/255."""
    document = as_document(drawn)
    canvas = np.full((drawn.height, drawn.width, 3), drawn.ground.colour, np.uint8)
    for n, step in enumerate(drawn.steps):
        canvas = paint(canvas, step.strokes, drawn.scale)
        shown = flatten(document.with_layers(document.layers[: n + 2]))
        assert (shown[..., 3] == 255).all()
        assert np.abs(shown[..., :3].astype(int) - canvas).max() <= 1


def test_the_document_flattens_to_the_canvas_at_every_stage_and_scale(drawn: Roadmap):
    assert_flattens(drawn)
    assert_flattens(replace(drawn, width=drawn.width * 3, height=drawn.height * 3))


def test_a_stage_layer_holds_only_its_strokes(drawn: Roadmap):
    document = as_document(drawn)
    assert [layer.name for layer in document.layers[1:]] == [step.name for step in drawn.steps]
    assert document.layers[0].group == document.layers[1].group == ("1. ground and light",)
    for layer, step in zip(document.layers[1:], drawn.steps, strict=True):
        assert layer.group == (f"{step.part}. {step.thing}",)
        covered = laid(np.zeros((drawn.height, drawn.width, 3), np.uint8), step.strokes, drawn.scale) > 0
        window = np.s_[layer.top : layer.top + layer.height, layer.left : layer.left + layer.width]
        assert np.array_equal(layer.pixels[..., 3] > 0, covered[window])
        assert covered.sum() == covered[window].sum()
        solid = map(tuple, layer.pixels[layer.pixels[..., 3] == 255][:, :3].tolist())
        assert {stroke.colour for stroke in step.strokes} & set(solid)


def test_large_canvases_are_painted_at_full_size(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stages, "SIDE", 40)
    drawn = draw_roadmap(scene(90, 120), strokes=50, colours=8)
    assert drawn.size == (46, 35)
    assert_flattens(drawn)
    wide = draw_roadmap(scene(12, 900), strokes=30, colours=8)
    assert wide.size[0] > 300  # a strip is not made so small that nothing is left of its height


@pytest.mark.parametrize(
    ("way", "side", "brush"),
    [("greedy", 80, 3.0), ("greedy", 80, 9.0), ("greedy", 80, 70.0), ("greedy", 40, 5.0), ("evolution", 20, 3.0)],
)
def test_no_stroke_is_finer_than_the_brush_asked_for_on_any_canvas(
    way: str, side: int, brush: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stages, "SIDE", side)
    stack = scene(30, 40) if way == "evolution" else scene()
    drawn = draw_roadmap(stack, strokes=20, colours=6, way=way, brush=brush)
    unit = drawn.width / drawn.size[0]  # pixels of the picture to one that is painted on
    assert (unit > 1) == (side < stack.width)
    assert min(stroke.width for stroke in drawn.strokes) * unit >= brush - 1e-6
    larger = replace(drawn, width=3 * drawn.width, height=3 * drawn.height)
    assert min(stroke.width for stroke in larger.strokes) * larger.scale >= 3 * (brush - 1e-6)  # as is its canvas


def test_transparent_pictures_show_the_ground():
    stack = scene()
    alone = stack.with_layers(stack.layers[1:2])
    drawn = draw_roadmap(alone, strokes=60, colours=6)
    far = np.abs(drawn.canvases[-1][:8, -8:].astype(int) - np.array(drawn.ground.colour)).max()
    assert far == 0
    empty = draw_roadmap(LayerStack(20, 10, ()), strokes=20)
    assert empty.strokes == ()
    assert_flattens(empty)


def test_hidden_layers_are_not_painted():
    stack = scene()
    hidden = stack.with_layers(tuple(replace(layer, visible=layer.name != "sun") for layer in stack.layers))
    assert "sun" not in {step.thing for step in draw_roadmap(hidden, strokes=60).steps}


def test_what_shows_little_is_an_accent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stages, "MOST", 2)
    things = {step.thing for step in draw_roadmap(scene(), strokes=60).steps}
    assert len(things - {"ground and light", "background", "the whole picture"}) == 1


def text_of(pdf: bytes) -> str:
    """What the pages of a PDF say, from the text operators of their streams."""
    streams = re.findall(rb"/FlateDecode[^>]*?>>\s*stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    said = []
    for stream in streams:
        try:
            content = zlib.decompress(stream)
        except zlib.error:
            continue
        said += [re.sub(rb"\\([()\\])", rb"\1", text) for text in re.findall(rb"\((.*?)(?<!\\)\) Tj", content)]
    return b"\n".join(said).decode("latin-1")


def test_the_sheet_has_its_pages_and_says_every_step(drawn: Roadmap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lettering, "folders", list)  # a machine without fonts
    count = sheet.write(drawn, tmp_path / "out.pdf", "Sea 👁 “quoted” ąé")
    pdf = (tmp_path / "out.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) == count == 2 + -(-len(drawn.steps) // sheet.STEPS)
    said = text_of(pdf)
    assert 'Sea "quoted" aé' in said
    for number, step in enumerate(drawn.steps, start=1):
        assert re.search(rf"^{number}  ", said, re.MULTILINE)
        assert words.strokes(step) in said
    for swatch in drawn.palette:
        assert "#{:02x}{:02x}{:02x}".format(*swatch.colour) in said
    sheet.write(drawn, tmp_path / "again.pdf", "Sea 👁 “quoted” ąé")
    assert (tmp_path / "again.pdf").read_bytes() == pdf


def test_a_step_of_more_colours_than_there_is_room_for_says_how_many_it_leaves_out(drawn: Roadmap, tmp_path: Path):
    palette = swatches([(n, 2 * n, 200 - n) for n in range(60)])
    one = drawn.steps[-1].strokes[0]
    step = replace(drawn.steps[-1], strokes=tuple(replace(one, colour=swatch.colour) for swatch in palette))
    sheet.write(replace(drawn, palette=palette, steps=(step,)), tmp_path / "out.pdf", "Sea")
    said = text_of((tmp_path / "out.pdf").read_bytes())
    (left_out,) = re.findall(r"^and (\d+) more$", said, re.MULTILINE)
    assert len(re.findall(r"^x 1$", said, re.MULTILINE)) == 60 - int(left_out) > 8


@pytest.mark.parametrize("title", ["", "猫", "👁️ 😀", "a\0b\n\ud800", "x" * 400, "(\\) <b>&amp;"])
def test_no_name_stops_a_sheet_or_a_page(title: str, tmp_path: Path):
    stack = scene(20, 24)
    named = stack.with_layers(tuple(replace(layer, name=title) for layer in stack.layers))
    drawn = draw_roadmap(named, strokes=20, colours=4)
    assert sheet.write(drawn, tmp_path / "out.pdf", title) > 1
    page.write(drawn, tmp_path / "out.html", title)
    assert "<b>&amp;" not in (tmp_path / "out.html").read_text(encoding="utf-8").split("<h2>")[0]


def test_the_page_stands_alone_and_carries_all_strokes(drawn: Roadmap):
    text = page.markup(drawn, "Sea <&>")
    assert not re.search(r"https?:|src=\"(?!data:)|@import|url\(", text)
    assert "<h1>Sea &lt;&amp;&gt;</h1>" in text
    data = json.loads(re.search(r"const roadmap = (.*);\n", text)[1])
    assert sum(len(step["strokes"]) for step in data["steps"]) == len(drawn.strokes)
    assert data["palette"][data["steps"][0]["strokes"][0][0]] in text


def test_a_film_goes_from_the_ground_to_the_last_canvas(drawn: Roadmap):
    shown = list(film.frames(drawn, 80, 12))
    assert len(shown) == 12
    assert (shown[0] == drawn.ground.colour).all()
    assert np.array_equal(shown[-1], paint(shown[0], drawn.strokes))
    nearer = [psnr(frame, drawn.picture) for frame in shown]
    assert nearer[-1] == max(nearer)


def test_gif_and_mp4_have_their_frames(drawn: Roadmap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(film, "PAINTING", 1)
    monkeypatch.setattr(film, "RESTING", 1)
    count = film.write_gif(drawn, tmp_path / "out.gif")
    with Pillow.open(tmp_path / "out.gif") as gif:
        assert gif.n_frames <= count  # Pillow joins frames that are alike
        times = 0
        for n in range(gif.n_frames):
            gif.seek(n)
            times += gif.info["duration"]
        assert times == pytest.approx(1000 * (film.PAINTING + film.RESTING), rel=0.1)
        last = np.asarray(gif.convert("RGB"))
    assert psnr(last, drawn.canvases[-1]) > 30
    count = film.write_mp4(drawn, tmp_path / "out.mp4")
    read = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    frames = []
    while (got := read.read())[0]:
        frames.append(got[1])
    read.release()
    assert len(frames) == count
    assert psnr(frames[-1][..., ::-1], drawn.canvases[-1]) > 25


def test_outputs_by_suffix_come_again_byte_for_byte(drawn: Roadmap, tmp_path: Path):
    for name in ("out.psd", "out.ora", "out.svg", "out.html"):
        outputs.write(drawn, tmp_path / name)
        first = (tmp_path / name).read_bytes()
        outputs.write(drawn, tmp_path / name)
        assert (tmp_path / name).read_bytes() == first
    assert len(documents.read(tmp_path / "out.psd").layers) == len(drawn.steps) + 1
    assert (tmp_path / "out.svg").read_text().count("<path") == len(drawn.strokes)
    with pytest.raises(OutputError, match=r"does not know \.nonsense"):
        outputs.write(drawn, tmp_path / "out.nonsense")


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["roadmap", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_the_command_writes_what_is_asked_for(tmp_path: Path):
    source = tmp_path / "in.ora"
    layersr.write(scene(), source)
    outs = [tmp_path / name for name in ("out.pdf", "out.kra", "folder")]
    code, said = run(source, *outs, "--svg", tmp_path / "x.svg", "--strokes", 50, "--colours", 6, "--json")
    assert code == 0
    events = [json.loads(line) for line in said.splitlines()]
    assert events[0]["event"] == "start"
    assert events[-1]["event"] == "done"
    assert events[-1]["strokes"] <= 50
    assert events[-1]["colours"] <= 6
    progress = [event["done"] for event in events if event["event"] == "progress"]
    assert progress == sorted(progress)
    assert all(out.exists() for out in (*outs, tmp_path / "x.svg"))


def test_a_flat_picture_is_taken_apart_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def fake(image: Image, recipe, report):
        asked.append(recipe)
        report(Progress("detect", 1.0))
        return scene(image.height, image.width)

    monkeypatch.setattr(pipeline, "decompose", fake)
    write_image(flatten(scene()), tmp_path / "in.png")
    assert run(tmp_path / "in.png", tmp_path / "out.psd", "--strokes", "40", "--max-layers", "3")[0] == 0
    assert (asked[0].scale, asked[0].max_layers) == (1, 3)


@pytest.mark.parametrize("brush", ["0", "0.4", "-3", "nan", "thick", ""])
def test_a_brush_that_cannot_be_is_refused_before_the_work(brush: str, tmp_path: Path):
    source = tmp_path / "in.ora"
    layersr.write(scene(), source)
    result = CliRunner().invoke(cli, ["roadmap", str(source), str(tmp_path / "out.svg"), "--brush", brush])
    assert result.exit_code == 2
    assert "--brush" in result.output
    assert not (tmp_path / "out.svg").exists()


def test_the_brush_of_the_command_is_in_pixels_of_the_picture(tmp_path: Path):
    source = tmp_path / "in.ora"
    layersr.write(scene(), source)
    assert run(source, tmp_path / "out.svg", "--brush", "12", "--strokes", 20)[0] == 0
    widths = map(float, re.findall(r'stroke-width="([\d.]+)"', (tmp_path / "out.svg").read_text()))
    assert min(widths) >= 12


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path):
    source = tmp_path / "in.ora"
    layersr.write(scene(), source)
    (tmp_path / "out.pdf").write_text("mine")
    with pytest.raises(OutputError, match="--force replaces it"):
        run(source, tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_text() == "mine"
    assert run(source, tmp_path / "out.pdf", "--force", "--strokes", "20")[0] == 0
    with pytest.raises(UsageError, match=r"\.pdf, \.html, \.svg, \.mp4, \.gif"):
        run(source, tmp_path / "out.doc")
    with pytest.raises(UsageError, match=r"should end in \.svg"):
        run(source, tmp_path / "new.pdf", "--svg", tmp_path / "new.png")
    with pytest.raises(UsageError, match="would be called"):
        run(source, tmp_path / "new.pdf", tmp_path / "new.pdf")
    with pytest.raises(UsageError, match="input too"):
        run(source, source)
