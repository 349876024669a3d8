"""A project in a folder, for people to look into.

    project.json   what it belongs to, what was used, what every result was made from
    recipe.toml    the choices of the last run
    masks/         each element's matte as a grey PNG: repaint one, and the next run cuts that element out anew
    order.txt      names of layers, the top one first: move lines, and the next run puts the layers so
    layers/        the layers at the picture's own size, for looking at
    steps/         what was made (`store`)

A mask or an order that is not as it was written is the artist's, and stays as it is until he takes it away.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from layersr import color
from layersr.arrays import Alpha
from layersr.atomic import replacing_file
from layersr.decomposing import Apart
from layersr.decomposing.repainting import differing
from layersr.documents import folder as pictures
from layersr.errors import OutputError, UsageError
from layersr.layers import Image, LayerStack
from layersr.projects import Project, values
from layersr.projects.masks import fits, named, read, write
from layersr.projects.state import LOCK, MASKS, ORDER, STATE, check, load, save, sha256_of
from layersr.projects.store import Store
from layersr.recipe import PEELING, Recipe, order_names

LAYERS, STEPS, RECIPE = "layers", "steps", "recipe.toml"

HEAD = "# The top one first. Move lines and run the same command again; delete this file to undo that.\n"


@contextmanager
def opened(place: Path, image: Image, picture: str, anew: bool = False) -> Iterator["Folder"]:
    """A project's folder, held by this process alone until the block ends; a new one is made where there is none.

    Args:
        place: the folder.
        image: the picture that is worked on.
        picture: where it lies.
        anew: begin anew where the folder belongs to another picture, or a newer layersr.

    Raises:
        OutputError: the folder is no project's, may not be written, or another process is at work in it.
        UsageError: it belongs to another picture, or a newer layersr.
    """
    from filelock import FileLock, Timeout

    check(place)
    try:
        place.mkdir(exist_ok=True)
        lock = FileLock(place / LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise OutputError(
            f"Another layersr is at work in the project {place}; wait until it is done, or name another folder."
        ) from error
    except OSError as error:
        raise OutputError(f"Cannot write the project {place}: {error.strerror or error}.") from error
    try:
        yield Folder(place, image, picture, anew)
    finally:
        lock.release()


class Folder(Project):
    """The project of one picture; made by `opened`.

    Attributes:
        notes: sentences for the artist on what was found in the folder.
        by_hand: names of elements whose mattes are the artist's.
        arranged: the order is the artist's.
        store: what is kept.
    """

    def __init__(self, place: Path, image: Image, picture: str, anew: bool) -> None:
        self.notes: list[str] = []
        self.by_hand: list[str] = []
        self.arranged = False
        self._place = place
        self._state = load(place, image, picture, anew)
        self.store = Store(place / STEPS, self._state["code"])
        self.remember = self.store
        save(place, self._state)

    def ordered(self, recipe: Recipe) -> Recipe:
        """See `Project`; an order that the recipe names says more than the folder's.

        Raises:
            UsageError: the order cannot be read.
        """
        path = self._place / ORDER
        self.arranged = path.is_file() and _lines(path) not in self._state["orders"]
        if not self.arranged:
            return recipe
        if recipe.order or recipe.decompose != PEELING:
            self.arranged = False
            why = "--order says more" if recipe.order else f"--decompose {recipe.decompose} knows its own"
            self.notes.append(f"{path} was changed but does not count: {why}.")
            return recipe
        return replace(recipe, order=str(path))

    def painted(self, apart: Apart, image: Image) -> Mapping[str, Alpha]:
        """See `Project`; mattes that nobody painted are written to the folder.

        Raises:
            UsageError: a mask cannot be read, or is of another size than the picture.
            OutputError: the folder cannot be written.
        """
        folder, known = self._place / MASKS, self._state["masks"]
        elements = {element.name: element for element in apart.bare}
        files = named([*elements], {name: entry["file"] for name, entry in known.items()})
        painted, made, now = {}, {}, {}
        for name, element in elements.items():
            path, before = folder / files[name], known.get(name, {"made": [], "window": None})
            matte = color.to_depth(element.on((image.height, image.width)), image.pixels.dtype)
            own, there = values.digest(matte), read(path, image.width, image.height)
            theirs = None if there is None else values.digest(there)
            window = [[int(side.start), int(side.stop)] for side in element.window]
            now[name] = {"file": files[name], "made": [own], "window": window}
            if there is None or theirs in before["made"] or not differing(element, color.to_float(there)).any():
                if theirs != own:
                    made[name] = matte
                    now[name]["made"] = [*before["made"], own]  # either may be there, until it is written
            elif fits(window, before["window"]):
                painted[name] = color.to_float(there)
            else:
                now[name]["window"] = before["window"]
                self.notes.append(f"{path} does not count: what is called “{name}” now is another thing.")
        now |= self._without_element(folder, {name: known[name] for name in known if name not in elements})
        self._state["masks"] = now
        save(self._place, self._state)
        for name, matte in made.items():
            write(folder / files[name], matte)
            now[name]["made"] = now[name]["made"][-1:]
        save(self._place, self._state)
        self._tell_of_others(folder, {entry["file"] for entry in now.values()})
        self.by_hand = [*painted]
        return painted

    def _without_element(self, folder: Path, known: Mapping[str, Any]) -> dict[str, Any]:
        """Take masks away whose elements are not found any more; those that the artist painted stay and are told."""
        left = {}
        for name, entry in known.items():
            path = folder / entry["file"]
            with suppress(UsageError):
                if not path.exists() or values.digest(read(path)) in entry["made"]:
                    path.unlink(missing_ok=True)
                    continue
            left[name] = entry
            self.notes.append(f"{path} does not count: there is no “{name}” now.")
        return left

    def _tell_of_others(self, folder: Path, ours: set[str]) -> None:
        for path in sorted(folder.glob("*.png")):
            if path.name not in ours:
                self.notes.append(f"{path} belongs to no element; give it with --mask to have one cut out so.")

    def show(self, stack: LayerStack) -> None:
        """See `Project`.

        Raises:
            OutputError: the folder cannot be written.
        """
        order = [layer.name for layer in stack.layers[:0:-1] if not layer.is_cast]
        path = self._place / ORDER
        if self.arranged:
            absent = [name for name in _lines(path) if name not in order]
            if absent:
                self.notes.append(f"{path} names what is not there: {', '.join(absent)}.")
        elif not path.is_file() or (_lines(path) != order and _lines(path) in self._state["orders"]):
            self._state["orders"] = [*self._state["orders"], order]  # either may be there, until it is written
            save(self._place, self._state)
            with replacing_file(path) as temporary:
                temporary.write_text(HEAD + "".join(f"{name}\n" for name in order), "utf-8", errors="replace")
            self._state["orders"] = [order]
        self._show_layers(stack)
        save(self._place, self._state)

    def _show_layers(self, stack: LayerStack) -> None:
        """Write the layers as pictures, unless they are there or a hand has changed them."""
        place, known, now = self._place / LAYERS, self._state["shown"], values.digest(stack)
        if place.is_dir():
            if known.get("stack") == now:
                return
            if known.get("files") != sha256_of(place):
                self.notes.append(f"{place} was changed and is left as it is; delete it to see the layers as they are.")
                return
        pictures.write(stack, place)
        self._state["shown"] = {"stack": now, "files": sha256_of(place)}

    def finish(self, stack: LayerStack, models: Mapping[str, Any], outputs: list[Path]) -> dict[str, Any]:
        """Note what a run has written, and remove what its result is not made of.

        Args:
            stack: the result.
            models: what was used, by role (`needs.identity`).
            outputs: the files that were written: the next run may replace them as long as nobody changes them.

        Returns:
            names of the layers "kept" as they were and "made" again, steps "reused" and "remade", "damaged" ones among
            these, and the "bytes" that are kept.

        Raises:
            OutputError: the folder cannot be written.
        """
        before = self._state["layers"]
        now = {x.name: values.digest((x.pixels, x.left, x.top, x.mask)) for x in stack.layers}
        kept = [name for name, found in now.items() if before.get(name) == found]
        steps = self.store.sweep()
        self._state |= {
            "layers": now,
            "models": dict(models),
            "outputs": {str(path.resolve()): sha256_of(path) for path in outputs},
            "steps": steps,
        }
        with replacing_file(self._place / RECIPE) as temporary:
            temporary.write_bytes(stack.recipe.encode("utf-8", "surrogatepass"))
        save(self._place, self._state)
        return {
            "kept": kept,
            "made": [name for name in now if name not in kept],
            "reused": self.store.reused.total(),
            "remade": self.store.made.total(),
            "damaged": self.store.damaged,
            "bytes": sum(step["bytes"] for step in steps.values()),
        }


def wrote(place: Path, out: Path) -> bool:
    """Whether a project's last run wrote a file, and nobody changed it since."""
    try:
        recorded = json.loads((place / STATE).read_text("utf-8"))["outputs"]
        return recorded.get(str(out.resolve())) == sha256_of(out)
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def _lines(path: Path) -> list[str]:
    """The names of an order file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return order_names(path)
    except UsageError as error:
        raise UsageError(f"{error} Delete it, and it is made again.") from error
