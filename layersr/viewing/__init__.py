"""A stack as one page for a browser: layers to show, hide, solo, drag, reorder, spread in depth and compare."""

from layersr.viewing.page import SIZE, write_page

__all__ = ["SIZE", "write_page"]
