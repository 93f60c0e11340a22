"""What a generator is trained on, and in which precision."""

from dataclasses import dataclass, field

import torch

__all__ = ["PROCESSOR", "Machine"]


@dataclass(frozen=True)
class Machine:
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    kind: torch.dtype = torch.bfloat16
    """What autocast multiplies in. float16 has too few exponents for gradients: its losses are scaled."""

    @classmethod
    def at_hand(cls) -> "Machine":
        """The first GPU, in bfloat16 where it multiplies that, else in float16; without a GPU the processor, in bfloat16."""
        if not torch.cuda.is_available():
            return cls()
        torch.backends.cudnn.benchmark = True
        return cls(torch.device("cuda"), torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16)

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.kind)

    def scaler(self) -> torch.amp.GradScaler:
        """Scales losses for float16; does nothing for other kinds."""
        return torch.amp.GradScaler(self.device.type, enabled=self.kind is torch.float16)


PROCESSOR = Machine()
