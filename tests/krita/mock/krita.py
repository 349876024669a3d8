"""As much of Krita as the plugin's Qt parts see outside of it: settings, a version, a folder."""

import os


class Krita:
    _one = None

    def __init__(self):
        self.settings = {}

    @classmethod
    def instance(cls):
        cls._one = cls._one or cls()
        return cls._one

    def readSetting(self, group, name, default):
        return self.settings.get((group, name), default)

    def writeSetting(self, group, name, value):
        self.settings[group, name] = value

    def version(self):
        return "5.9.9 (mock)"

    @staticmethod
    def getAppDataLocation():
        return os.environ["LAYERSR_MOCK_HOME"]
