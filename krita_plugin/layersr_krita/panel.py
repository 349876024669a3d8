"""The one panel that both the docker and the window under Tools > Scripts show."""

from . import choices as chosen
from . import controller as jobs
from . import store
from .qt import QtCore, QtGui, QtWidgets

SIDE = 240
"""Pixels of the small picture's longer side."""

PRESET_WORDS = ("as it comes", "draft: fastest", "standard: the best that is here", "best: fetch what is best")


class Preview(QtWidgets.QLabel):
    """The document, small; a click on it is a click on the element there.

    Signals:
        clicked: where, as shares of width and height (0 to 1).
    """

    clicked = QtCore.pyqtSignal(float, float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self.setToolTip("Click an element to lift it into a layer of its own.")
        self.setCursor(QtGui.QCursor(QtCore.Qt.CursorShape.CrossCursor))

    def mousePressEvent(self, event):
        """Tell where the picture was clicked."""
        shown = self.pixmap()
        if shown is None or shown.isNull():
            return
        at = event.position() if hasattr(event, "position") else event.localPos()
        x = (at.x() - (self.width() - shown.width()) / 2) / shown.width()
        y = (at.y() - (self.height() - shown.height()) / 2) / shown.height()
        if 0 <= x < 1 and 0 <= y < 1:
            self.clicked.emit(x, y)


class Panel(QtWidgets.QWidget):
    """Choices, buttons, progress.

    Args:
        controller: does the jobs; shared by all panels.
        look: gives the active document's width, height and a small QImage of it at most so many pixels a side, or None.
    """

    def __init__(self, controller, look, parent=None):
        super().__init__(parent)
        self._controller, self._look = controller, look
        self._size = None
        self._build()
        self.show_choices(store.load())
        controller.started.connect(self._started)
        controller.progressed.connect(self._progressed)
        controller.finished.connect(self._finished)
        controller.failed.connect(self._failed)
        self._rest()

    # what is on it

    def _build(self):
        w = QtWidgets
        self.preview = Preview()
        self.preview.clicked.connect(self._clicked)
        self.scope = self._combo(("The whole document", chosen.DOCUMENT), ("The active layer", chosen.LAYER))
        self.selection = self._combo(
            ("is the element exactly", chosen.EXACT), ("lies around the element", chosen.AROUND)
        )
        self.prompt = w.QLineEdit()
        self.prompt.setPlaceholderText("eyes, hat (needs a larger model)")
        self.granularity = w.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.granularity.setRange(0, 100)
        self.granularity.setToolTip("Left: the main subjects. Right: everything that can be lifted.")
        self.most = w.QSpinBox()
        self.most.setRange(1, 200)
        self.scale = self._combo(*(("{} times".format(n) if n > 1 else "as it is", n) for n in chosen.SCALES))
        self.preset = self._combo(*zip(PRESET_WORDS, chosen.PRESETS))
        self.destination = self._combo(("A group in this document", chosen.GROUP), ("A new document", chosen.NEW))
        self.masks = w.QCheckBox("Soft edges as masks")
        self.scale.currentIndexChanged.connect(self._rest)
        form = w.QFormLayout()
        form.setFieldGrowthPolicy(w.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for label, widget in (
            ("Decompose", self.scope),
            ("Selection", self.selection),
            ("Words", self.prompt),
            ("Detail", self.granularity),
            ("At most", self.most),
            ("Size", self.scale),
            ("Models", self.preset),
            ("Result", self.destination),
            ("", self.masks),
        ):
            form.addRow(label, widget)
        self.buttons = {
            jobs.DECOMPOSE: self._button("Decompose into layers", "Every element to a layer of its own."),
            jobs.LIFT: self._button("Lift the selected", "Only the selected element, and the hole beneath filled."),
            jobs.FILL: self._button("Fill the hole below", "Paint what the active layer hides in those below it."),
            jobs.ENLARGE: self._button("Super-resolve layer", "The active layer, larger, in a new document."),
        }
        for kind, button in self.buttons.items():
            button.clicked.connect(lambda _=False, kind=kind: self.start(kind))
        grid = w.QGridLayout()
        grid.addWidget(self.buttons[jobs.DECOMPOSE], 0, 0, 1, 2)
        for place, kind in enumerate((jobs.LIFT, jobs.FILL)):
            grid.addWidget(self.buttons[kind], 1, place)
        grid.addWidget(self.buttons[jobs.ENLARGE], 2, 0, 1, 2)
        self.bar = w.QProgressBar()
        self.bar.setRange(0, 1000)
        self.stage = w.QLabel()
        self.stop = self._button("Cancel", "")
        self.stop.clicked.connect(self._controller.cancel)
        self.message = w.QLabel()
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        help_row = w.QHBoxLayout()
        self.locate, self.copy = self._button("Locate layersr…", ""), self._button("Copy diagnostics", "")
        self.log = self._button("Show log", "")
        self.locate.clicked.connect(self._locate)
        self.copy.clicked.connect(self._copy)
        self.log.clicked.connect(self._show_log)
        for button in (self.locate, self.log, self.copy):
            help_row.addWidget(button)
        column = w.QVBoxLayout(self)
        column.addWidget(self.preview)
        column.addLayout(form)
        column.addLayout(grid)
        column.addWidget(self.stage)
        running = w.QHBoxLayout()
        running.addWidget(self.bar)
        running.addWidget(self.stop)
        column.addLayout(running)
        column.addWidget(self.message)
        column.addLayout(help_row)
        column.addStretch(1)

    def _button(self, text, tip):
        button = QtWidgets.QPushButton(text)
        button.setToolTip(tip)
        return button

    def _combo(self, *entries):
        combo = QtWidgets.QComboBox()
        for words, value in entries:
            combo.addItem(words, value)
        return combo

    # choices

    def choices(self):
        """What is chosen."""
        return chosen.Choices(
            scope=self.scope.currentData(),
            prompt=self.prompt.text().strip(),
            granularity=self.granularity.value() / 100,
            max_layers=self.most.value(),
            scale=self.scale.currentData(),
            preset=self.preset.currentData(),
            destination=self.destination.currentData(),
            selection=self.selection.currentData(),
            masks=self.masks.isChecked(),
        )

    def show_choices(self, choices):
        """Set every widget."""
        for combo, value in (
            (self.scope, choices.scope),
            (self.selection, choices.selection),
            (self.scale, choices.scale),
            (self.preset, choices.preset),
            (self.destination, choices.destination),
        ):
            combo.setCurrentIndex(max(0, combo.findData(value)))
        self.prompt.setText(choices.prompt)
        self.granularity.setValue(round(choices.granularity * 100))
        self.most.setValue(choices.max_layers)
        self.masks.setChecked(choices.masks)

    # jobs

    def start(self, kind, point=None):
        """Begin a job with what is chosen."""
        store.save(self.choices())
        self._controller.start(kind, self.choices(), point)

    def refresh(self):
        """Show the active document as it is now."""
        if not self.isVisible():
            return
        seen = self._look(SIDE)
        if seen is None:
            self._size = None
            self.preview.clear()
            return
        width, height, small = seen
        self._size = (width, height)
        self.preview.setPixmap(QtGui.QPixmap.fromImage(small))

    def showEvent(self, event):
        """Look at the document when the panel appears."""
        super().showEvent(event)
        QtCore.QTimer.singleShot(0, self.refresh)

    def _clicked(self, x, y):
        if self._size is not None and not self._controller.running:
            self.start(jobs.LIFT, (int(x * self._size[0]), int(y * self._size[1])))

    def _started(self):
        self.message.clear()
        self._rest()

    def _progressed(self, stage, done, left):
        self.stage.setText(stage + (", " + left if left else ""))
        self.bar.setValue(int(done * 1000))

    def _finished(self, sentence):
        self.message.setText(sentence or "Cancelled; nothing was changed.")
        self._rest()
        QtCore.QTimer.singleShot(0, self.refresh)

    def _failed(self, sentence):
        self.message.setText(sentence)
        self._rest()

    def _rest(self):
        """Show what can be done now."""
        running = self._controller.running
        for button in self.buttons.values():
            button.setEnabled(not running)
        for widget in (self.bar, self.stop, self.stage):
            widget.setVisible(running)
        if not running:
            self.stage.clear()
            self.bar.setValue(0)
        apart = self.scale.currentData() > 1
        self.destination.setEnabled(not apart)
        self.destination.setToolTip("What is larger than this document goes into a new one." if apart else "")

    # help

    def _locate(self):
        ask = QtWidgets.QFileDialog.getOpenFileName
        path, _ = ask(self, "Where is the layersr command?", self._controller.program())
        if path:
            self.use_program(path)

    def use_program(self, path):
        """From now on this is the command."""
        store.save_program(path)
        self.message.setText("From now on: " + path)

    def _copy(self):
        QtWidgets.QApplication.clipboard().setText(store.diagnostics(self._controller.program()))
        self.message.setText("Copied: paste it where you ask for help.")

    def _show_log(self):
        QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(store.log_path()))
