"""layersr in Krita: a picture decomposed into layers, by the layersr command in a process of its own."""

try:
    import krita as _krita
except ImportError:  # outside Krita: the parts that need only Qt are tested there
    _krita = None

if hasattr(_krita, "Extension"):
    from .extension import LayersrDocker, LayersrExtension

    _application = _krita.Krita.instance()
    _application.addExtension(LayersrExtension(_application))
    _application.addDockWidgetFactory(
        _krita.DockWidgetFactory("layersr_docker", _krita.DockWidgetFactoryBase.DockRight, LayersrDocker)
    )
