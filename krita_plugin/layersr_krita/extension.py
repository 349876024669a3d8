"""What Krita sees: entries under Tools > Scripts, a window and a docker, all over one controller."""

from krita import DockWidget, Extension, Krita

from . import controller as jobs
from . import kdoc, store
from .panel import Panel
from .qt import QtWidgets

ENTRIES = (
    ("layersr_decompose", "Decompose into layers…", None),
    ("layersr_lift", "Lift the selected element", jobs.LIFT),
    ("layersr_fill", "Fill the hole under this layer", jobs.FILL),
    ("layersr_enlarge", "Super-resolve this layer", jobs.ENLARGE),
)

_shared = {}


def controller():
    """The one controller of this Krita."""
    if "controller" not in _shared:
        _shared["controller"] = jobs.Controller()
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.applicationClosing.connect(_shared["controller"].close)
    return _shared["controller"]


def look(side):
    """The active document, small: width, height, QImage; or None."""
    place = kdoc.active()
    return None if place is None else (place.width, place.height, kdoc.thumbnail(place, side))


class LayersrExtension(Extension):
    """The entries under Tools > Scripts."""

    def __init__(self, parent):
        super().__init__(parent)
        self._window = None

    def setup(self):
        """Called by Krita once; there is nothing to do."""

    def createActions(self, window):
        """Called by Krita for each of its windows."""
        for name, text, kind in ENTRIES:
            action = window.createAction(name, text, "tools/scripts")
            action.triggered.connect(lambda _=False, kind=kind: self.open(kind))

    def open(self, kind=None):
        """Show the window, and begin a job where one is named."""
        if self._window is None:
            self._window = _window()
        self._window.show()
        self._window.raise_()
        if kind is not None:
            self._window.panel.start(kind)


def _window():
    window = QtWidgets.QDialog(Krita.instance().activeWindow().qwindow())
    window.setObjectName("layersr_window")
    window.setWindowTitle("layersr")
    window.panel = Panel(controller(), look, window)
    QtWidgets.QVBoxLayout(window).addWidget(window.panel)
    return window


class LayersrDocker(DockWidget):
    """The same panel beside the picture."""

    def __init__(self):
        super().__init__()
        self.setWindowTitle("layersr")
        self.panel = Panel(controller(), look)
        area = QtWidgets.QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(self.panel)
        self.setWidget(area)

    def canvasChanged(self, canvas):
        """Called by Krita when another document comes to the front."""
        try:
            self.panel.refresh()
        except Exception as error:  # Krita would show a window for it
            store.log(repr(error))
