"""What may know whom, and what may be loaded when: the house stays one-way and starts fast."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import layersr

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "layersr"

BASE = {"arrays", "errors", "progress"}
MAY_USE = {
    "arrays": set(),
    "errors": set(),
    "progress": set(),
    "atomic": {"errors"},
    "color": {"arrays"},
    "blocks": set(),
    "oklab": set(),
    "layers": {"arrays", "color"},
    "groups": {"layers"},
    "strips": set(),
    "flattening": {"layers", "groups", "color", "arrays", "strips"},
    "roles": {"arrays", "progress"},
    "sizing": {"errors"},
    "devices": {"errors"},
    "presets": set(),
    "recipe": {"errors", "sizing", "devices", "presets"},
    "weights": {"errors", "progress", "layersr"},
    "needs": {"backends", "weights", "recipe", "presets", "devices", "roles", "errors"},
    "editing": {
        "layers",
        "groups",
        "flattening",
        "color",
        "oklab",
        "bleed",
        "infill",
        "roles",
        "travel",
        "recipe",
        *BASE,
    },
    "remembering": set(),
    "projects": {
        "atomic",
        "decomposing",
        "documents",
        "images",
        "layers",
        "recipe",
        "remembering",
        "roles",
        "color",
        "layersr",
        *BASE,
    },
    "score": {"layers", "flattening", "color", *BASE},
    "tiling": {"arrays", "blocks"},
    "strokes": {"arrays", "color", "progress"},
    "infill": {"arrays", "color", "errors", "bleed", "progress"},
    "backends": {
        "roles",
        "arrays",
        "errors",
        "progress",
        "weights",
        "color",
        "infill",
        "bleed",
        "tiling",
        "blocks",
        "devices",
    },
    "documents": {"atomic", "layers", "groups", "flattening", "strips", "color", "arrays", "errors", "layersr"},
    "credits": {"documents"},
    "decoding": {"errors"},
    "images": {"atomic", "decoding", "credits", "layers", "color", "arrays", "errors", "documents"},
    "bleed": {"arrays", "color"},
    "references": {"layers", "color", "arrays"},
    "masking": {"layers", "color", "bleed"},
    "travel": {"layers", "color", "arrays"},
    "light": {"layers", "color"},
    "seal": {"layers", "light", "flattening", "color", "arrays"},
    "decomposing": {"layers", "color", "roles", "seal", "bleed", "travel", "blocks", *BASE},
    "upscaling": {"layers", "flattening", "color", "roles", "seal", "bleed", "tiling", "blocks", "remembering", *BASE},
    "filling": {"layers", "color", "roles", "arrays", "progress"},
    "preview": {"layers", "flattening", "color", "arrays"},
    "roadmap": {"atomic", "layers", "flattening", "color", "oklab", "documents", "strokes", *BASE},
    "training": {"atomic", "errors", "backends", "decomposing", "infill", "roles", "tiling", "blocks"},
    "summary": {"layers", "color", "score", "layersr"},
    "viewing": {
        *("atomic", "layers", "groups", "flattening", "color", "arrays", "documents"),
        *("references", "summary", "travel", "upscaling"),
    },
}
"""What a part may import of us, itself aside. `pipeline` may use all but `cli`, `cli` everything."""


def parts() -> dict[str, list[Path]]:
    """The top-level names of the package and their files."""
    found: dict[str, list[Path]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        found.setdefault(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), []).append(path)
    return found


def used(path: Path) -> set[str]:
    """The parts of layersr that a file imports anywhere, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            pytest.fail(f"{path} imports relatively; absolute imports tell where a name comes from")
        elif isinstance(node, ast.ImportFrom) and node.module == "layersr":
            modules = [f"layersr.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            continue
        names |= {[*m.split("."), "layersr"][1] for m in modules if m.split(".")[0] == "layersr"}
    return names


@pytest.mark.parametrize("part", sorted(set(parts()) - {"cli", "pipeline", "__init__", "__main__"}))
def test_dependence_runs_one_way(part: str):
    assert part in MAY_USE, f"say in MAY_USE what layersr/{part} may know"
    for path in parts()[part]:
        extra = used(path) - MAY_USE[part] - {part}
        assert not extra, f"{path.relative_to(ROOT)} may not know {', '.join(sorted(extra))}"


def test_the_pipeline_knows_no_command_line():
    for path in parts().get("pipeline", []):
        assert "cli" not in used(path)


def test_nobody_names_a_model_but_the_pipeline_and_the_command_line():
    for part, paths in parts().items():
        if part not in ("backends", "needs", "pipeline", "cli", "training"):
            assert not any("backends" in used(path) for path in paths), part


def loaded_after(code: str) -> set[str]:
    """The top-level modules in memory after running some code in a fresh interpreter."""
    script = f"{code}\nimport sys\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"torch", "torchvision", "transformers", "onnxruntime", "rembg", "spandrel", "diffusers"}
LIBRARIES = {"numpy", "cv2", "PIL", "psd_tools", "jaxtyping"}
HELP = "from layersr.cli import run\nassert run({0!r}) == 0"


@pytest.mark.parametrize(
    "code",
    [
        "import layersr",
        "import layersr.cli",
        HELP.format(["--help"]),
        HELP.format(["export", "--help"]),
        HELP.format(["score", "--help"]),
        HELP.format(["edit", "--help"]),
        HELP.format(["models", "fetch", "--help"]),
        HELP.format(["doctor", "--help"]),
        HELP.format(["view", "--help"]),
    ],
)
def test_the_command_line_starts_light(code: str):
    assert not loaded_after(code) & (HEAVY | LIBRARIES)


@pytest.mark.parametrize(
    "code",
    [
        "from layersr import backends; assert backends.find()",
        "import layersr; [getattr(layersr, name) for name in layersr.__all__]",
        "import layersr.preview, layersr.summary, layersr.score",
    ],
)
def test_everything_else_waits_for_its_loader(code: str):
    assert not loaded_after(code) & HEAVY


def test_public_names_are_not_hidden_by_modules():
    """A module named as a public function would take its place as soon as it is imported."""
    assert not set(layersr.__all__) & set(parts())
    assert set(layersr.__all__) <= set(dir(layersr))
    for name in layersr.__all__:
        assert callable(getattr(layersr, name))


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        layersr.nonsense  # noqa: B018


def test_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert layersr.__version__ == project["version"]
