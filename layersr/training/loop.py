"""The loop every network is trained in: it stops by the clock, and it can always be taken up again.

The learning rate rises for a moment, stays level, and falls to nothing over the last 40 % of the minutes. The state at
the end of the level stretch is kept beside the newest one: whoever gives more minutes later goes on from there, as if
the longer training had been meant from the start. Step n's batch depends on the seed and n alone, unless batches are
used again.
"""

import copy
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from layersr.training.feeding import batches
from layersr.training.optimizing import fast_bfloat16, optimizers

RISE = 100  # steps
FALL = 0.4  # of the minutes
KEEP = 0.999  # the averaged weights' memory, per step
EVERY = 120.0  # seconds between scores and checkpoints


@runtime_checkable
class Task(Protocol):
    """What differs from network to network.

    Attributes:
        name: the network's, and its files'.
        lr: learning rate of the level stretch.
        unit: of the score, a word for the progress line.
        begins_as: name of a network whose fitting weights it starts from, or "".
        stored: what large weights are stored as, see `exporting.STORED`.
    """

    name: str
    lr: float
    unit: str
    begins_as: str
    stored: str

    def prepare(self, data: Path, seed: int) -> None:
        """Read what it learns from, and what is held apart, out of a folder."""

    def network(self) -> nn.Module:
        """A fresh network."""

    def sample(self, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """One batch."""

    def loss(self, network: nn.Module, batch: tuple[Tensor, ...], done: float) -> Tensor:
        """What is made small; `done` is the share of the minutes that is over."""

    def score(self, network: nn.Module) -> float:
        """How good it is on what is held apart, more is better."""

    def example(self) -> Tensor:
        """An input for the export and its parity check."""


def rate(step: int, done: float) -> float:
    """The share of the learning rate at a step, when `done` of the minutes is over."""
    return min((step + 1) / RISE, 1.0) * min((1 - done) / FALL, 1.0)


def train(
    task: Task,
    minutes: float,
    *,
    checkpoints: Path,
    device: torch.device,
    seed: int = 0,
    steps: int | None = None,
    begin: dict[str, Tensor] | None = None,
    workers: int = 0,
    again: int = 1,
    feed: Callable[..., Iterator[tuple[Tensor, ...]]] = batches,
    compiled: bool = False,
    say: Callable[[str], None] | None = None,
) -> tuple[nn.Module, dict[str, Any]]:
    """Train, or go on training, until `minutes` in all are spent; the averaged weights and what became of them.

    Args:
        task: what to train, its pictures already read.
        minutes: training time in all, earlier runs included.
        checkpoints: folder of `NAME.pt` and `NAME.level.pt`.
        device: where.
        seed: of the weights and the batches.
        begin: weights to start from, where there is no checkpoint yet.
        workers: processes that make batches; 0 makes them between the steps.
        again: steps for each batch made, see `feeding.batches`.
        feed: where the batches come from, `feeding.batches` or `pool.pooled`.
        compiled: whether torch compiles the network first: one to three minutes, then half as fast again on a GPU.
        steps: stop after so many in all, if the minutes have not run out before.
        say: receives the progress line; None writes it to stderr.

    Returns:
        The network, and {"minutes", "steps", "score"}.
    """
    checkpoints.mkdir(parents=True, exist_ok=True)
    newest, level = checkpoints / f"{task.name}.pt", checkpoints / f"{task.name}.level.pt"
    torch.manual_seed(seed)
    network = task.network().to(device, memory_format=torch.channels_last)
    source = checkpoints / f"{task.begins_as}.pt"
    if begin is None and task.begins_as and source.is_file():
        begin = torch.load(source, map_location=device, weights_only=True)["average"]
    adopt(network, begin or {})
    average = copy.deepcopy(network).eval().requires_grad_(False)
    movers = optimizers(network, task.lr)
    step, spent, falling = 0, 0.0, False

    def state() -> dict[str, Any]:
        return {
            "network": network.state_dict(),
            "average": average.state_dict(),
            "movers": [mover.state_dict() for mover in movers],
            "step": step,
            "spent": spent,
            "minutes": minutes,
        }

    for path in (newest, level):
        if not path.is_file():
            continue
        held = torch.load(path, map_location=device, weights_only=True)
        fell = held["spent"] > (1 - FALL) * held["minutes"] and held["minutes"] != minutes
        if path == newest and fell and level.is_file():
            continue  # its fall was meant for other minutes; the level state is the one to go on from
        network.load_state_dict(held["network"])
        average.load_state_dict(held["average"])
        for mover, its in zip(movers, held["movers"], strict=True):
            mover.load_state_dict(its)
        step, spent = held["step"], held["spent"]
        falling = spent > (1 - FALL) * minutes
        break

    line = _Line(task, minutes, say)
    bfloat16 = fast_bfloat16(device)
    torch.backends.cudnn.benchmark = True  # a handful of shapes, thousands of times each
    batches_to_come = feed(task, seed, step, device, workers, again)
    learner = torch.compile(network, dynamic=False) if compiled else network
    begun, before, scored = time.monotonic(), spent, time.monotonic()
    while spent < minutes and (steps is None or step < steps):
        done = spent / minutes
        if not falling and done > 1 - FALL:
            torch.save(state(), level)
            falling = True
        for mover in movers:
            for group in mover.param_groups:
                group["lr"] = task.lr * rate(step, done)
        batch = next(batches_to_come)
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            loss = task.loss(learner, batch, done)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for mover in movers:
            mover.step()
            mover.zero_grad()
        with torch.no_grad():
            keep = min(KEEP, (step + 1) / (step + 10))
            torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - keep)
        step += 1
        spent = before + (time.monotonic() - begun) / 60
        if time.monotonic() - scored > EVERY:
            score = task.score(average)
            _save(state(), newest)
            scored = time.monotonic()
            line(step, spent, loss, score)
    score = task.score(average)
    _save(state(), newest)
    line(step, spent, None, score)
    return average, {"minutes": round(spent, 1), "steps": step, "score": round(score, 3)}


def adopt(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Take over every weight whose name and shape fit."""
    own = network.state_dict()
    network.load_state_dict(own | {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape})


def _save(state: dict[str, Any], path: Path) -> None:
    part = path.with_suffix(".part")  # an interrupted save leaves the old checkpoint
    torch.save(state, part)
    part.replace(path)


class _Line:
    """The one progress line: rewritten on a terminal, a new one each time elsewhere."""

    def __init__(self, task: Task, minutes: float, say: Callable[[str], None] | None) -> None:
        self.task, self.minutes, self.say = task, minutes, say
        self.begun, self.first = time.monotonic(), None

    def __call__(self, step: int, spent: float, loss: Tensor | None, score: float) -> None:
        self.first = self.first if self.first is not None else (step, time.monotonic())
        seconds = time.monotonic() - self.first[1]
        pace = f"  {(step - self.first[0]) / seconds:.2f} steps/s" if seconds > 1 else ""
        lost = f"  loss {loss.item():.4f}" if loss is not None else "  done"
        text = f"{self.task.name}  {spent:.1f}/{self.minutes:g} min  step {step}{pace}{lost}"
        text += f"  held apart {score:.3f} {self.task.unit}"
        if self.say:
            self.say(text)
        elif sys.stderr.isatty():
            print(f"\r{text}", end="" if loss is not None else "\n", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)
