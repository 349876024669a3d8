"""What `layersr doctor` looks at. Whatever is heavy or may be broken is imported in a process of its own."""

import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import layersr
from layersr.errors import BackendError, WeightsError

CORE = {
    "numpy": "numpy",
    "PIL": "pillow",
    "click": "click",
    "psd_tools": "psd-tools",
    "onnxruntime": "onnxruntime",
    "platformdirs": "platformdirs",
    "filelock": "filelock",
    "psutil": "psutil",
    "jaxtyping": "jaxtyping",
    "cv2": "opencv-python-headless",
}
"""Modules that layersr itself needs, and the packages that bring them."""

TWINS = {
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml"),
    "cv2": ("opencv-python-headless", "opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless"),
}
"""Packages that write the same files, so that of several the last one installed is half there."""

PROBES = {
    "torch": "from layersr.backends import torching; torch.zeros(1) + 1; print(json.dumps(torching.available()))",
    "onnxruntime": "from layersr.backends import networks; print(json.dumps(networks.available()))",
}
"""What is tried besides the import, and what it prints: the accelerators of a runtime."""

WAIT = 120
"""Seconds after which an import that does not end is broken."""


def examine() -> dict[str, Any]:
    """Everything, as JSON values; `code` is the exit code."""
    packages = _packages()
    working = {p["module"]: p for p in packages if p["version"] and not p["error"]}
    core = all(module in working for module in CORE)
    networks = _networks()
    broken = [*_broken(packages), *networks, *_cache()]
    code = BackendError.exit_code if not core else WeightsError.exit_code if networks else 0
    return {
        "version": layersr.__version__,
        "system": _system("psutil" in working),
        "packages": packages,
        "devices": {n: ["cpu", *working[n]["said"]] for n in PROBES if n in working},
        "presets": _presets() if core else {},
        "better": _better() if core else [],
        **(_weights() if core else {"home": "?", "models": []}),
        "broken": broken,
        "code": code,
    }


def probe(module: str) -> tuple[list[str], str]:
    """What a module says when it is imported alone (see `PROBES`), and the last line of what went wrong, or ""."""
    code = f"import json, {module}; {PROBES.get(module, 'print(json.dumps([]))')}"
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            capture_output=True,
            text=True,
            timeout=WAIT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except subprocess.TimeoutExpired:
        return [], f"importing {module} takes more than {WAIT} s"
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        return json.loads(lines[-1]), ""
    said = [line for line in done.stderr.strip().splitlines() if line.strip()]
    return [], said[-1].strip() if said else f"importing {module} ends Python with {done.returncode}"


def _packages() -> list[dict[str, Any]]:
    """The modules of the core and of every extra: version, what they say, and what is wrong with them."""
    try:
        from layersr.backends import EXTRAS
    except ImportError:  # of a package of the core, which is told below
        EXTRAS = {}
    extras: dict[str, str] = dict.fromkeys(CORE, "")
    for extra, modules in EXTRAS.items():
        for module in modules:
            extras.setdefault(module, extra)
    there = {module: importlib.util.find_spec(module) is not None for module in extras}
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) // 2)) as pool:
        tried = dict(zip(there, pool.map(lambda m: probe(m) if there[m] else ([], ""), there), strict=True))
    return [
        {
            "module": module,
            "name": _package(module),
            "version": _version(module) if there[module] else None,
            "extra": extra,
            "said": tried[module][0],
            "error": tried[module][1],
        }
        for module, extra in extras.items()
    ]


def _package(module: str) -> str:
    return next(
        (name for name in TWINS.get(module, ()) if _installed(name)), CORE.get(module, module.replace("_", "-"))
    )


def _version(module: str) -> str:
    try:
        return importlib.metadata.version(_package(module))
    except importlib.metadata.PackageNotFoundError:
        return "?"


def _installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _broken(packages: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """What is wrong with packages, and the command that mends it."""
    for package in packages:
        name, module = package["name"], package["module"]
        if not package["extra"] and package["version"] is None:
            yield {"what": f"{name} is missing, which layersr needs.", "way": "pip install --force-reinstall layersr"}
        elif package["error"]:
            yield {"what": f"{name} does not work: {package['error']}", "way": _mend(module, name, package["error"])}
    torchvision = _torchvision()
    if torchvision:
        yield torchvision
    runtimes = [name for name in TWINS["onnxruntime"] if _installed(name)]
    if len(runtimes) > 1:
        kept = runtimes[-1]
        way = f"pip uninstall -y {' '.join(runtimes)} && pip install {kept}"
        yield {"what": f"{' and '.join(runtimes)} are installed side by side and write the same files.", "way": way}


def _mend(module: str, name: str, error: str) -> str:
    if module == "cv2":
        headless = "opencv-python-headless"
        installed = [twin for twin in TWINS["cv2"] if _installed(twin)]
        return f"pip uninstall -y {' '.join(installed or [headless])} && pip install {headless}"
    if "torchvision" in error and _installed("torch"):
        return torchvision_command(importlib.metadata.version("torch"))
    return f"pip install --force-reinstall {name}"


def _torchvision() -> dict[str, str] | None:
    """A torchvision that was built for another torch; Transformers does without any."""
    if not (_installed("torchvision") and _installed("torch")):
        return None
    _, error = probe("torchvision")
    if not error:
        return None
    versions = {name: importlib.metadata.version(name) for name in ("torchvision", "torch")}
    what = f"torchvision {versions['torchvision']} does not match torch {versions['torch']}: {error}"
    return {"what": what, "way": torchvision_command(versions["torch"])}


def torchvision_command(torch: str) -> str:
    """The command that installs the torchvision of a torch, from the index that its build names.

    0.28 goes with 2.13 and so on down; from 0.29 on it says itself that it goes with 2.14 and all that follow.
    """
    version = re.match(r"2\.(\d+)", torch)
    if not version:
        return "pip uninstall -y torchvision"
    wanted = f"==0.{int(version[1]) + 15}.*" if int(version[1]) < 14 else ">=0.29"
    build = torch.partition("+")[2]
    index = f" --index-url https://download.pytorch.org/whl/{build}" if build else ""
    return f"pip install --force-reinstall --no-deps 'torchvision{wanted}'{index}"


def _networks() -> list[dict[str, str]]:
    """Networks that should have come with layersr and did not: each has a card beside it."""
    folder = Path(layersr.__file__).parent / "models"
    lacking = [card.stem for card in sorted(folder.glob("*.md")) if not card.with_suffix(".onnx").is_file()]
    if not lacking and any(folder.glob("*.onnx")):
        return []
    what = f"Networks that come with layersr are missing: {', '.join(lacking) or 'all'}."
    return [{"what": what, "way": "pip install --force-reinstall layersr"}]


def _cache() -> list[dict[str, str]]:
    """A cache that cannot be written."""
    from layersr import weights as kept

    place = kept.home()
    while not place.exists() and place != place.parent:
        place = place.parent
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return []
    what = f"Weights cannot be kept in {kept.home()}: {place} may not be written."
    return [{"what": what, "way": f"export {kept.HOME}=FOLDER"}]


def _system(measured: bool) -> dict[str, Any]:
    memory, free = 0, 0
    if measured:
        import psutil

        memory, free = psutil.virtual_memory().total, psutil.virtual_memory().available
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "memory": memory,
        "free": free,
    }


def _presets() -> dict[str, dict[str, str]]:
    """What each preset takes for each role here, on the CPU, and whether it can be used as things are."""
    from layersr import needs
    from layersr.presets import PRESETS

    def said(role: str, name: str) -> str:
        return name if needs.usable(role, name) else f"{name} (not here)"

    return {preset: {role: said(role, needs.taken(role, preset)) for role in PRESETS[preset]} for preset in PRESETS}


def _better() -> list[str]:
    """What to install for what `best` would rather take."""
    from layersr import needs
    from layersr.presets import PRESETS

    return [hint for role in PRESETS["best"] if (hint := needs.better(role, needs.taken(role, "best")))]


def _weights() -> dict[str, Any]:
    from layersr import needs
    from layersr import weights as kept
    from layersr.cli.models import describe

    return {"home": str(kept.home()), "models": [describe(known) for known in needs.known().values()]}
