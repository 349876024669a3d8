"""Qt as Krita brings it: PyQt5 up to Krita 5, PyQt6 from Krita 6 on; both know enums by their scoped names."""

try:
    from PyQt5 import QtCore, QtGui, QtWidgets
    from PyQt5.QtWidgets import QAction
except ImportError:
    from PyQt6 import QtCore, QtGui, QtWidgets
    from PyQt6.QtGui import QAction

__all__ = ["QAction", "QtCore", "QtGui", "QtWidgets"]
