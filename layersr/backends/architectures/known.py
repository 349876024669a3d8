"""What files of super-resolution networks may hold: all that spandrel knows, and RFDN."""

from typing import Any

from spandrel import MAIN_REGISTRY, Architecture, ArchRegistry, ArchSupport, ImageModelDescriptor, SizeRequirements
from spandrel.util import KeyCondition

from layersr.backends.architectures import rfdn


class RFDNArch(Architecture[rfdn.RFDN]):
    """RFDN, recognised by its keys."""

    def __init__(self) -> None:
        super().__init__(id="RFDN", detect=KeyCondition.has_all("fea_conv.weight", "B1.c1_d.weight", "LR_conv.weight"))

    def load(self, state_dict: dict[str, Any]) -> ImageModelDescriptor[rfdn.RFDN]:
        """See spandrel."""
        model = rfdn.fitting(state_dict)
        return ImageModelDescriptor(
            model,
            state_dict,
            architecture=self,
            purpose="SR",
            tags=[],
            supports_half=True,
            supports_bfloat16=True,
            scale=model.scale,
            input_channels=3,
            output_channels=3,
            size_requirements=SizeRequirements(minimum=rfdn.LEAST),
            call_fn=lambda model, image: model(image * 255) / 255,
        )


def known() -> ArchRegistry:
    """The architectures that are recognised, spandrel's first."""
    registry = ArchRegistry()
    registry.add(*MAIN_REGISTRY.architectures("detection"), ArchSupport.from_architecture(RFDNArch()))
    return registry
