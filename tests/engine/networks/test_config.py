"""What a network may be made of."""

from dataclasses import replace

import pytest

from schmubert.engine.denoiser import CORRUPTIONS
from schmubert.engine.diffusion.corruption import KERNELS
from schmubert.engine.networks.config import PRESETS, ModelConfig

TINY = ModelConfig(token_width=8, width=16, layers=2, heads=2, positions="rotary", dropout=0.0)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"positions": "none"}, 'not "none"'),
        ({"width": 18}, "18 does not divide into 2 even heads"),
        ({"tracks": ("melody", "flute")}, "flute"),
        ({"chroma_beats": (4,)}, "are not odd"),
        ({"copy_steps": (0, 4)}, "1 or more"),
        (
            {"architecture": "band", "form_fit": True, "copy_steps": (4, 16, 64)},
            r"\(4, 16, 64\) need \[32, 128\] too",
        ),
        ({"corruption": "salty"}, '"salty"'),
        ({"architecture": "u"}, "has learned positions alone"),
    ],
)
def test_a_config_out_of_range_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(TINY, **wrong)  # type: ignore[arg-type]


def test_every_corruption_that_a_network_may_undo_is_there_and_no_other() -> None:
    assert set(CORRUPTIONS) == set(KERNELS)


def test_presets_are_made_of_what_they_say() -> None:
    assert PRESETS["live"].columns == PRESETS["schmubert-trio"].columns
    assert len(PRESETS["schmubert-melody"].columns) == 1
