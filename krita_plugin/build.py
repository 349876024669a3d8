"""The plugin as a zip for Krita's "Import Python Plugin from File": python krita_plugin/build.py layersr_krita.zip."""

import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "layersr_krita"


def build(out: Path) -> None:
    """Write the zip; the same files give the same bytes.

    Folders have entries of their own: without them Krita's importer finds no plugin.
    """
    inside = [p for p in sorted((HERE / NAME).rglob("*")) if "__pycache__" not in p.parts]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in [HERE / f"{NAME}.desktop", HERE / NAME, *inside]:
            name = path.relative_to(HERE).as_posix() + ("/" if path.is_dir() else "")
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if path.is_dir() else zipfile.ZIP_DEFLATED
            entry.external_attr = (0o40755 << 16 | 0x10) if path.is_dir() else 0o100644 << 16
            archive.writestr(entry, b"" if path.is_dir() else path.read_bytes())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python krita_plugin/build.py OUT.zip")
    build(Path(sys.argv[1]))
    print(f"{sys.argv[1]}: in Krita, Tools > Scripts > Import Python Plugin from File")
