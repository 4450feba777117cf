import msgspec
import pytest

from schmubert.training.evaluation.settings import PARTS, EvaluationSettings


def test_no_two_pieces_and_no_figures_share_their_randomness() -> None:
    settings = EvaluationSettings()
    first = [
        settings.rng(part, draw, piece).integers(2**62)
        for part in PARTS
        for draw in range(3)
        for piece in range(3)
    ]
    first += [settings.rng_of_figures(part).integers(2**62) for part in PARTS]
    assert len(set(first)) == len(first)
    assert settings.rng("live", 1, 2).integers(2**62) in first
    assert EvaluationSettings(seed=1).rng("live", 1, 2).integers(2**62) not in first


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"parts": ("taste",)}, "taste"),
        ({"parts": ()}, "either an experiment or some of"),
        ({"experiment": "taste", "parts": ()}, "no experiment 'taste'"),
        ({"pieces": 1}, "at least 2 pieces"),
        ({"draws": 0}, "at least 1 draw"),
        ({"window_bars": 2}, "2 bars"),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        EvaluationSettings(**wrong)  # type: ignore[arg-type]


def test_settings_of_an_evaluation_of_version_0_1_are_read() -> None:
    saved = (
        b'{"parts":[],"pieces":200,"draws":5,"songs":200,"stage_songs":24,"stage_draws":4,'
        b'"window_bars":16,"calls":16,"temperature":0.75,"sampler":"remasking","tutti":false,'
        b'"all_frames":false,"seed":0,"experiment":"guidance"}'
    )
    settings = msgspec.json.decode(saved, type=EvaluationSettings)
    usual = EvaluationSettings().sampling(16).sampler
    assert settings.sampling(settings.window_bars).sampler == usual
