"""Training a band: batches in every metre, a run that learns, validation by task."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from schmubert.engine.music.meter import COMMON, Meter  # noqa: E402
from schmubert.engine.music.midifile import midi_bytes  # noqa: E402
from schmubert.engine.music.plans import chord_plan_of  # noqa: E402
from schmubert.engine.music.score import Score, canonical  # noqa: E402
from schmubert.engine.music.vocabulary import (  # noqa: E402
    BAND,
    BAND_MASK,
    BAND_SIZES,
    HOLD,
    TRIO,
    Track,
    drum_token,
)
from schmubert.engine.networks import checkpoint  # noqa: E402
from schmubert.engine.networks.config import PRESETS  # noqa: E402
from schmubert.training.data.band_masking import MaskedBand  # noqa: E402
from schmubert.training.data.dataset import Dataset  # noqa: E402
from schmubert.training.data.prepare import prepare_dataset  # noqa: E402
from schmubert.training.data.shards import PrepareSettings  # noqa: E402
from schmubert.training.learning.band_batches import BandBatches  # noqa: E402
from schmubert.training.learning.band_objective import BandUnmasking  # noqa: E402
from schmubert.training.learning.plan_training import ADDS  # noqa: E402
from schmubert.training.learning.settings import TrainSettings  # noqa: E402
from schmubert.training.learning.train import CHECKPOINT_FILE, train_network  # noqa: E402

TINY = replace(
    PRESETS["band"],
    token_width=8,
    width=16,
    layers=1,
    heads=2,
    dropout=0.0,
    chroma_beats=(1, 5),
    form_layers=1,
    chord_layers=1,
)
RUN = TrainSettings(
    "tiny-band",
    steps=4,
    batch_bars=16,
    window_bars={4: 1.0},
    hop_bars=4,
    warmup_steps=1,
    learning_rate=3e-3,
    ema_every=1,
    validate_every=100,
    validation_windows=4,
    checkpoint_every=2,
    other_meters=0.5,
    optimizer="muon",
    precision="fp32",
)


def song(seed: int, meter: Meter) -> bytes:
    """A song of sixteen bars in which melody, bass and drums play on every beat."""
    rng = np.random.default_rng(seed)
    tokens = np.zeros((16 * meter.steps, len(TRIO)), np.int64)
    on_beat = np.arange(0, len(tokens), meter.cells)
    tokens[on_beat, Track.MELODY] = 41 + rng.choice([0, 2, 4, 5, 7], len(on_beat))
    tokens[on_beat, Track.BASS] = 17 + rng.choice([0, 5, 7], len(on_beat))
    tokens[on_beat, Track.DRUMS] = drum_token([0])
    return midi_bytes(Score(canonical(tokens), 120.0, meter))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    songs, out = tmp_path_factory.mktemp("songs"), tmp_path_factory.mktemp("data") / "set"
    for number in range(60):
        meter = COMMON if number % 2 else Meter(3)
        (songs / f"{number:02}.mid").write_bytes(song(number, meter))
    prepare_dataset([songs], out, PrepareSettings(validation=0.2), workers=1)
    return out


def test_a_batch_has_one_metre_and_holds_the_plans_of_its_songs(data: Path) -> None:
    batches = BandBatches(Dataset.open(data).split("train"), RUN, TINY, 0)
    assert set(batches.by_meter) == {COMMON, Meter(3)}
    seen = set()
    for step in range(12):
        batch = batches.at(step)
        seen.add(batch.meter)
        assert batch.tokens.shape == (4, 4 * batch.meter.steps, len(BAND))
        plan = chord_plan_of(batch.tokens[..., Track.CHORDS], batch.meter)
        assert (plan[:, 0] != 1).all()  # a window that begins inside a chord says which
    assert seen == {COMMON, Meter(3)}
    again = BandBatches(Dataset.open(data).split("train"), RUN, TINY, 0).at(3)
    np.testing.assert_array_equal(again.masked, batches.at(3).masked)


def test_a_run_goes_on_and_says_which_metres_it_knows(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schmubert.training.learning.train.PRESETS", {"tiny-band": TINY})
    train_network(RUN, data, tmp_path / "run")
    train_network(replace(RUN, steps=6), data, tmp_path / "run", resume=True)
    _, config, about = checkpoint.read(tmp_path / "run" / CHECKPOINT_FILE)
    assert config.tracks == tuple(track.name.lower() for track in BAND)
    assert sorted(map(tuple, about["meters"])) == [(3, 4), (4, 4)]
    assert about["step"] == 6
    assert about["recipe"]["sounding"] == RUN.sounding
    pauses = checkpoint.opened(tmp_path / "run" / CHECKPOINT_FILE).pauses()
    assert pauses is not None
    assert pauses.tacet.shape[1:] == (4, len(TRIO))  # no song has 64 bars
    bits = about["validation"]
    assert {"file/bass", "file, chords/bass", "stage, plans/drums", "mixed/chords"} <= set(bits)
    assert "file, plans/bass_form" not in bits


def test_a_band_goes_on_from_a_trio(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trio = replace(TINY, tracks=("melody", "bass", "drums"), architecture="convolutional")
    presets = {"tiny-band": TINY, "tiny": trio}
    monkeypatch.setattr("schmubert.training.learning.train.PRESETS", presets)
    train_network(replace(RUN, preset="tiny"), data, tmp_path / "trio")
    start = tmp_path / "trio" / CHECKPOINT_FILE
    train_network(replace(RUN, steps=1), data, tmp_path / "band", start_from=start)
    weights, config, _ = checkpoint.read(tmp_path / "band" / CHECKPOINT_FILE)
    assert config.architecture == "band"
    old, _, _ = checkpoint.read(start)
    torch.testing.assert_close(weights["merge.weight"], old["merge.weight"], atol=0.05, rtol=0.0)


def test_plans_learn_by_themselves_first(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("schmubert.training.learning.train.PRESETS", {"tiny-band": TINY})
    train_network(replace(RUN, steps=1, plan_steps=2), data, tmp_path / "run")
    said = capsys.readouterr().out
    assert "forms, step 2: " in said
    assert "traits, step 2: " in said
    assert "chords, step 2: " in said
    trio = replace(TINY, tracks=("melody", "bass", "drums"), architecture="convolutional")
    monkeypatch.setattr("schmubert.training.learning.train.PRESETS", {"tiny": trio})
    with pytest.raises(ValueError, match="no network of plans: leave out --plan-steps"):
        train_network(replace(RUN, preset="tiny", plan_steps=1), data, tmp_path / "trio")
    assert not (tmp_path / "trio").exists()


def test_where_chords_are_inferred_the_network_is_told_its_own_from_the_first_open_bar() -> None:
    shown: list[torch.Tensor] = []
    chord = 9

    class Naming(torch.nn.Module):
        """Sure of one chord in every beat."""

        def forward(self, tokens: torch.Tensor, *_: object, **__: bool) -> list[torch.Tensor]:
            shown.append(tokens.clone())
            batch, steps, bars = len(tokens), tokens.shape[1], tokens.shape[1] // 16
            lengths = (steps, steps, steps, steps, 4 * bars, bars, bars, bars, 16)
            logits = [torch.zeros(batch, n, k) for n, k in zip(lengths, BAND_SIZES, strict=True)]
            logits[Track.CHORDS][..., chord] = 20.0
            return logits

    tokens = np.zeros((2, 64, len(BAND)), np.int64)
    masked = np.zeros(tokens.shape, bool)
    masked[:, 20:, Track.BASS] = True
    masked[:, 32::16, Track.BASS_FORM] = True
    targets = masked.copy()
    masked[:, ::4, Track.CHORDS] = True
    batch = MaskedBand(tokens, masked, targets, COMMON, np.array([True, False]))
    bits, counts = BandUnmasking(TINY).bits(Naming(), batch, torch.device("cpu"))
    alone, asked = shown
    mask = BAND_MASK[Track.CHORDS]
    assert (alone[0, :, Track.BASS] == BAND_MASK[Track.BASS]).all()
    assert asked[0, ::4, Track.CHORDS].tolist() == [*[mask] * 4, chord, *[HOLD] * 11]
    assert (asked[1, ::4, Track.CHORDS] == mask).all()
    assert (asked[0, :20, Track.BASS] == 0).all()
    assert not bits[Track.BASS][0].any(), "its own guess of the chords teaches no notes"
    assert counts[Track.BASS] == 44
    assert counts[Track.BASS_FORM] == 4
    assert batch.targets[0].any()


def test_with_plans_only_all_else_stays(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schmubert.training.learning.train.PRESETS", {"tiny-band": TINY})
    train_network(replace(RUN, steps=1), data, tmp_path / "notes")
    start = tmp_path / "notes" / CHECKPOINT_FILE
    only = replace(RUN, steps=2, plans_only=True)
    train_network(only, data, tmp_path / "plans", start_from=start)
    before, _, _ = checkpoint.read(start)
    after, _, _ = checkpoint.read(tmp_path / "plans" / CHECKPOINT_FILE)
    moved = {name for name in after if not torch.equal(before[name], after[name])}
    assert moved
    assert all(name.startswith(ADDS) for name in moved)
