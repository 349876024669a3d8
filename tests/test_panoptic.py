"""Things with names: how a picture is divided, and what of it is a thing."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from checkpoints import tiny
from layersr import backends
from layersr.backends.panoptic import PanopticDetector, divided, things
from layersr.backends.views import View
from layersr.errors import WeightsError
from layersr.roles import Detection, Prompt

SHAPE = (96, 128)
CLASSES = {0: "person", 1: "bird, flying", 2: "sky-other-merged"}
VIEW = View(exact=SHAPE)


def disc(x: int, y: int, radius: int) -> np.ndarray:
    rows, columns = np.indices(SHAPE)
    return np.hypot(rows - y, columns - x) <= radius


def logits(mask: np.ndarray, sure: float = 6.0) -> np.ndarray:
    """What a network says of a mask, a quarter as large."""
    small = cv2.resize(mask.astype(np.float32), (SHAPE[1] // 4, SHAPE[0] // 4), interpolation=cv2.INTER_AREA)
    return (small * 2 - 1) * sure


def words(*kinds: int, sure: float = 4.0) -> np.ndarray:
    """What a network says that queries are; 3 is nothing at all."""
    return sure * np.eye(4, dtype=np.float32)[list(kinds)]


def none(image: np.ndarray, prompt: Prompt | None = None) -> list[Detection]:
    return []


def detector(classes: np.ndarray, masks: list[np.ndarray]) -> PanopticDetector:
    return PanopticDetector("fake", lambda seen: (classes, np.stack(masks)), VIEW, things(CLASSES), none)


IMAGE = np.zeros((*SHAPE, 3), np.float32)


def same(first: np.ndarray, second: np.ndarray) -> float:
    first, second = first > 0.5, second > 0.5
    return float((first & second).sum() / max(1, (first | second).sum()))


def test_things_have_masks_names_and_scores_and_stuff_is_no_thing():
    person, bird = disc(30, 50, 20), disc(90, 40, 16)
    ground = ~(person | bird)
    model = detector(words(2, 1, 0, 3), [logits(m) for m in (ground, bird, person, person)])
    found = {thing.label: thing for thing in model(IMAGE)}
    assert found.keys() == {"person", "bird"}
    assert same(found["person"].mask, person) > 0.93
    assert same(found["bird"].mask, bird) > 0.93
    assert all(0.8 < thing.score <= 1 for thing in found.values())


def test_every_pixel_goes_to_the_surer_one_and_second_words_for_a_thing_are_dropped():
    left, right = disc(50, 48, 24), disc(74, 48, 24)
    classes = np.concatenate([words(0, sure=6), words(1, sure=3), words(1, sure=2)])
    model = detector(classes, [logits(left), logits(right & ~left | right & (np.indices(SHAPE)[1] > 66)), logits(left)])
    found = model(IMAGE)
    assert [thing.label for thing in found] == ["person", "bird"]
    first, second = (thing.mask for thing in found)
    assert same(first, left) > 0.9
    assert ((first > 0.5) & (second > 0.5)).sum() < 10


def test_a_border_between_two_things_is_where_neither_is_surer():
    left = np.indices(SHAPE)[1] < 64
    seen = VIEW(IMAGE)
    one, other = (seen.mask(mask) for _, mask, _ in divided(words(0, 1), np.stack([logits(left), logits(~left)]), seen))
    assert np.abs(one + other - 1).max() < 0.1
    assert abs(int((one[48] > 0.5).sum()) - 64) <= 1


def test_nothing_and_what_is_hardly_believed_are_nothing():
    thing = logits(disc(50, 48, 24))
    assert detector(words(3), [thing])(IMAGE) == []
    assert detector(words(0, sure=0.05), [thing])(IMAGE) == []
    assert detector(words(0), [logits(np.zeros(SHAPE, bool))])(IMAGE) == []


def test_a_point_and_a_box_mean_the_thing_there():
    person, bird = disc(30, 50, 20), disc(90, 40, 16)
    model = detector(words(0, 1), [logits(person), logits(bird)])
    assert [d.label for d in model(IMAGE, Prompt(point=(92, 41)))] == ["bird"]
    assert [d.label for d in model(IMAGE, Prompt(box=(10, 28, 42, 44)))] == ["person"]
    assert model(IMAGE, Prompt(point=(126, 90))) == []


def test_what_is_a_thing_is_told_by_the_checkpoint_or_its_classes_number_or_their_names(tmp_path: Path):
    ade = {0: "wall", 1: "building, edifice", 2: "sky", 3: "person, individual", 4: "tree", 5: "lamp", 6: "LABEL_6"}
    assert things(ade) == {3: "person", 5: "lamp", 6: ""}
    coco = {number: f"LABEL_{number}" for number in range(133)}
    assert sorted(things(coco)) == list(range(80))
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"metadata": {"thing_ids": [1, 4]}}))
    assert things(ade, tmp_path) == {1: "building", 4: "tree"}
    (tmp_path / "ade20k_panoptic.json").write_text(
        json.dumps({str(n): {"name": name, "isthing": int(n == 2)} for n, name in ade.items()})
    )
    assert things(ade, tmp_path) == {2: "sky"}


@pytest.mark.parametrize("name", ["mask2former", "oneformer", "eomt"])
def test_the_real_loading_code_names_things_of_the_checkpoint_s_own_classes(name: str):
    model = backends.load("detect", tiny("detect", name))
    rows, columns = np.indices(SHAPE, np.float32)
    image = np.dstack([rows / 96, columns / 128, disc(50, 48, 24)]).astype(np.float32)
    found = [thing for picture in (image, image[::-1].copy(), 1 - image) for thing in model(picture)]
    assert found
    assert {thing.label for thing in found} <= {"person", "bird"}


@pytest.mark.parametrize("name", ["mask2former", "eomt", "sam", "sam2"])
def test_another_model_s_weights_are_never_taken_for_its_own(name: str):
    other = tiny("detect", "oneformer").partition("=")[2]
    with pytest.raises(WeightsError, match="does not hold"):
        backends.load("detect", f"{name}={other}")


def test_weights_that_are_not_all_there_are_refused(tmp_path: Path):
    folder = Path(tiny("detect", "eomt").partition("=")[2])
    from safetensors.numpy import load_file, save_file

    for name in ("config.json", "preprocessor_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("class_predictor.weight")
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match=r"class_predictor\.weight is missing"):
        backends.load("detect", f"eomt={tmp_path}")
