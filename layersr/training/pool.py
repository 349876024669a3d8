"""Scenes without end for a GPU: processes keep filling a pool with parts, and the device puts those together anew.

A core composes some twenty scenes a second, a GPU learns from thousands. Things, grounds and whole scenes (comic
pages, real pictures) come from the processes; which things lie where over which ground is decided anew for every
batch, on the device (`stacking.py`, `ageing.py`), so that parts are seen often and a scene only once.
"""

import queue
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from layersr.training.ageing import aged
from layersr.training.detect import DetectTask, target
from layersr.training.kinds import PAGES, PHOTOGRAPHS, REAL
from layersr.training.pages import compose_page
from layersr.training.scenes import compose, compose_photograph, ground, scaled
from layersr.training.stacking import SIZE, compose_from, levels
from layersr.training.things import Material, thing

SHAPES = ((320, 320), (256, 384), (384, 256))
"""Heights and widths of the scenes, all of about as many pixels."""
GROUND = 384
"""Side of the grounds, of which a scene takes a part."""
WHOLE = 0.08
"""Share of composed scenes that come whole from a process, with what the device cannot do to a picture."""
ROOM = {"things": 24000, "grounds": 8000, "scenes": 2000}
"""How many the pool holds, scenes of each kind and shape: about 35 GB."""
AT_ONCE = 4
"""Batches that are put together at once: it takes hardly longer than one."""
FEWEST = 24
"""Of every part, before the first batch."""

Parts = dict[str, Tensor]


class Ring:
    """Rows of tensors; the newest take the places of the oldest."""

    def __init__(self, room: int) -> None:
        self.room, self.added, self.held = room, 0, {}

    def __len__(self) -> int:
        return min(self.added, self.room)

    def add(self, **rows: Tensor) -> None:
        """Some more rows, of the same names and shapes every time."""
        count = len(next(iter(rows.values())))
        places = (torch.arange(count) + self.added) % self.room
        for name, new in rows.items():
            if name not in self.held:
                self.held[name] = torch.empty(self.room, *new.shape[1:], dtype=new.dtype, device=new.device)
            self.held[name][places.to(new.device)] = new
        self.added += count

    def take(self, count: int, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """So many rows, of every tensor."""
        device = next(iter(self.held.values())).device
        places = torch.from_numpy(rng.integers(len(self), size=count)).to(device)
        return tuple(held[places] for held in self.held.values())


class Pool:
    """The parts on the device, and the batches made of them."""

    def __init__(self, device: torch.device, room: dict[str, int] | None = None) -> None:
        room, self.device = room or ROOM, device
        self.things, self.grounds = Ring(room["things"]), Ring(room["grounds"])
        self.scenes = {(kind, shape): Ring(room["scenes"]) for kind in range(3) for shape in range(len(SHAPES))}

    def add(self, parts: Parts) -> None:
        """What one process made."""
        moved = {name: tensor.to(self.device, non_blocking=True) for name, tensor in parts.items()}
        self.things.add(levels=levels(moved["things"]), sizes=parts["sizes"])
        self.grounds.add(grounds=moved["grounds"])
        for k, kind in enumerate(parts["kinds"].tolist()):
            ring = self.scenes[kind, int(parts["shape"])]
            ring.add(images=moved["images"][k : k + 1], wanted=moved["wanted"][k : k + 1])

    @property
    def ready(self) -> bool:
        """Whether there is enough of everything for a batch."""
        rings = [self.things, self.grounds, *(ring for (kind, _), ring in self.scenes.items() if kind < 2)]
        return all(len(ring) >= FEWEST for ring in rings)

    def batch(self, task: DetectTask, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Pictures (count, 3, h, w) in [0, 1] and what `detect.target` says of them, all of one shape."""
        shape = int(rng.integers(len(SHAPES)))
        height, width = SHAPES[shape]
        shares = dict(enumerate((*(REAL if task.real else (PAGES, PHOTOGRAPHS)), WHOLE)))
        some, truths = [], []
        for kind, share in shares.items():
            ring = self.scenes[kind, shape]
            if not len(ring):
                continue
            image, wanted = ring.take(max(1, round(count * share)), rng)
            image, wanted = task.varied((image.float() / 255, wanted.float()), rng)
            some.append(image)
            truths.append(wanted)
        rest = count - sum(len(x) for x in some)
        (below,) = self.grounds.take(rest, rng)
        top, left = (int(rng.integers(GROUND - n + 1)) for n in (height, width))
        below = below[..., top : top + height, left : left + width].float() / 255
        image, wanted = compose_from(self.things.held, len(self.things), below, rng)
        return torch.cat([*some, aged(image, rng)]), torch.cat([*truths, wanted])


def pooled(
    task: DetectTask, seed: int, begin: int, device: torch.device, workers: int, again: int = 1
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches out of a pool that `workers` processes fill, from step `begin` on; see `feeding.batches`.

    What is in the pool depends on how fast the machine is, so these batches do not depend on the seed alone. `again`
    steps take each batch, varied.
    """
    loader = DataLoader(
        _Made(task.material, seed + begin), batch_size=None, num_workers=workers, prefetch_factor=2,
        worker_init_fn=_alone, pin_memory=device.type == "cuda",
    )  # fmt: skip
    made: queue.Queue[Parts | Exception] = queue.Queue(maxsize=4 * workers)
    over = threading.Event()
    thread = threading.Thread(target=_fetch, args=(loader, made, over), daemon=True)
    thread.start()
    pool, rng = Pool(device), np.random.default_rng([seed, begin, 3])
    try:
        while True:
            _fill(pool, made)
            image, wanted = pool.batch(task, AT_ONCE * task.batch, rng)
            for places in torch.from_numpy(rng.permutation(len(image))).to(device).chunk(AT_ONCE):
                yield (batch := (image[places].contiguous(memory_format=torch.channels_last), wanted[places]))
                for _ in range(again - 1):
                    yield task.varied(batch, rng)
    finally:
        over.set()


def _fetch(loader: DataLoader, made: "queue.Queue[Parts | Exception]", over: threading.Event) -> None:
    """Hand on what the processes make, and what went wrong in one of them, until it is over."""
    try:
        for some in loader:
            while not over.is_set():
                try:
                    made.put(some, timeout=0.2)
                    break
                except queue.Full:
                    continue
            if over.is_set():
                return
    except Exception as error:  # raised again by who takes the batches
        made.put(error)


def _fill(pool: Pool, made: "queue.Queue[Parts | Exception]", most: int = 12) -> None:
    """Add what was made meanwhile, a few at most; wait for it as long as there is too little for a batch."""
    for _ in range(most if pool.ready else 10**9):
        try:
            some = made.get(block=not pool.ready)
        except queue.Empty:
            return
        if isinstance(some, Exception):
            raise some
        pool.add(some)
        if pool.ready and made.empty():
            return


class _Made(IterableDataset):
    """Parts, on and on; no two processes make the same."""

    def __init__(self, material: Material, seed: int) -> None:
        self.material, self.seed = material, seed

    def __iter__(self) -> Iterator[Parts]:
        worker = get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0, 2])
        while True:
            yield parts(self.material, rng)


def parts(material: Material, rng: np.random.Generator, things: int = 16, grounds: int = 4) -> Parts:
    """What a process hands over at once: things, grounds and a few whole scenes of one shape.

    `kinds` tells of each scene whether it is a comic page (0), a real picture (1) or composed (2).
    """
    shape = int(rng.integers(len(SHAPES)))
    sheets, sizes = [], []
    for _ in range(things):
        one = scaled(thing(material, rng), SIZE - 4.0)
        height, width = one.shape[:2]
        sheet = np.zeros((SIZE, SIZE, 4), np.float32)
        top, left = (SIZE - height) // 2, (SIZE - width) // 2
        sheet[top : top + height, left : left + width] = one
        sheets.append(sheet)
        sizes.append((height, width))
    makers = [(0, compose_page), (2, compose)]
    makers += [(1, compose_photograph)] * 2 if material.subjects else [(1, compose)]
    scenes = [maker(material, rng, *SHAPES[shape]) for _, maker in makers]
    return {
        "things": _bytes(np.stack(sheets)),
        "sizes": torch.tensor(sizes),
        "grounds": _bytes(np.stack([ground(material, rng, GROUND, GROUND) for _ in range(grounds)])),
        "images": _bytes(np.stack([scene.image for scene in scenes])),
        "wanted": torch.from_numpy(np.stack([target(scene) for scene in scenes])).half(),
        "kinds": torch.tensor([kind for kind, _ in makers]),
        "shape": torch.tensor(shape),
    }


def _bytes(images: np.ndarray) -> Tensor:
    values = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    return torch.from_numpy(np.ascontiguousarray(values.transpose(0, 3, 1, 2)))


def _alone(worker: int) -> None:
    cv2.setNumThreads(0)  # one process, one core
