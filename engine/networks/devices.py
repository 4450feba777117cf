"""What a model may run on."""

from typing import Literal, TypeAlias

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
"""`auto` takes CUDA where it works, else the CPU; `cuda` is refused where it does not."""
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda")
