"""A roadmap to a file, by the file's suffix."""

import os
from pathlib import Path

from layersr import documents
from layersr.atomic import replacing_file
from layersr.progress import Progress, Report, silent
from layersr.roadmap import film, page, sheet
from layersr.roadmap.documents import as_document
from layersr.roadmap.painting import Roadmap
from layersr.roadmap.words import CANVAS
from layersr.strokes import svg


def write(
    roadmap: Roadmap,
    path: str | os.PathLike[str],
    title: str = "Roadmap",
    canvas: float = CANVAS,
    report: Report = silent,
) -> None:
    """Write a roadmap, whole or not at all. The same roadmap gives the same bytes.

    Args:
        roadmap: what to paint.
        path: .pdf (a step sheet), .html (a page), .svg (the strokes), .mp4 or .gif (a time-lapse), or any layered
            document that `layersr.write` knows.
        title: of the picture.
        canvas: centimetres of the longer side of the painter's canvas, to tell brushes in millimetres.
        report: hears how far it is.

    Raises:
        OutputError: the suffix is unknown, or the place cannot be written.
    """
    path = Path(path)
    suffix = "" if path.is_dir() else path.suffix.lower()
    report(Progress("write", 0.0))
    if suffix == ".pdf":
        sheet.write(roadmap, path, title, canvas)
    elif suffix == ".html":
        page.write(roadmap, path, title, canvas)
    elif suffix == ".mp4":
        film.write_mp4(roadmap, path, report)
    elif suffix == ".gif":
        film.write_gif(roadmap, path, report)
    elif suffix == ".svg":
        with replacing_file(path) as temporary:
            temporary.write_text(svg(roadmap.strokes, *roadmap.size, roadmap.ground.colour), encoding="utf-8")
    else:
        documents.write(as_document(roadmap), path)
    report(Progress("write", 1.0))
