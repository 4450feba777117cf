import pytest

from schmubert.engine.diffusion.samplers import FORMER_NAMES
from schmubert.engine.diffusion.sampling import Sampling


def test_what_makes_no_sense_is_refused_with_its_value() -> None:
    with pytest.raises(ValueError, match="0 calls"):
        Sampling(calls=0)
    with pytest.raises(ValueError, match="2 bars"):
        Sampling(window_bars=2)
    with pytest.raises(ValueError, match=r"temperature 0\.0"):
        Sampling(temperature=0.0)
    with pytest.raises(ValueError, match="sampler 'best' is none of ancestral"):
        Sampling(sampler="best")


@pytest.mark.parametrize("former", FORMER_NAMES)
def test_a_former_name_of_a_sampler_is_read(former: str) -> None:
    assert Sampling(sampler=former) == Sampling(sampler=FORMER_NAMES[former])
