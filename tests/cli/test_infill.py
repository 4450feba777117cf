"""What rings on into bars that are made anew ends where its own part speaks, and nowhere else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from schmubert.cli.main import main
from schmubert.engine.diffusion import compose
from schmubert.engine.music.score import Mask, Score
from schmubert.engine.music.smf import TRACK_NAME, meta, midi_file, read, track_body
from schmubert.engine.music.vocabulary import HOLD, OFF, Track, onset_token
from tests.engine.music.test_additions import BAR, BEAT, note

LONG = 3 * BAR
"""How long all parts ring from their first beat on: through bar 2, which is made anew."""


def song() -> bytes:
    def line(name: bytes, channel: int, pitch: int) -> bytes:
        played = [*note(0, channel, pitch, LONG), *note(4 * BAR, channel, pitch + 2)]
        return track_body([meta(0, TRACK_NAME, name), *played], 5 * BAR)

    parts = (b"Melody", 0, 76), (b"Bass", 1, 40), (b"Organ", 2, 60), (b"Drums", 9, 49)
    return midi_file(BEAT, [line(*one) for one in parts])


def ends(data: bytes) -> list[int]:
    """The tick at which the first note of each of the song's tracks ends."""
    return [
        next(one.tick for one in track.events if one.status & 0xF0 == 0x80)
        for track in read(data).tracks[:4]
    ]


@pytest.mark.parametrize(
    ("track", "step", "token", "end"),
    [
        (Track.BASS, 0, onset_token(43), BAR),
        (Track.BASS, 8, onset_token(43), BAR + 2 * BEAT),
        (Track.BASS, 4, OFF, BAR + BEAT),
        (Track.BASS, 0, HOLD, LONG),
        (Track.MELODY, 8, onset_token(72), BAR + 2 * BEAT),
        (Track.DRUMS, 0, 1, LONG),
    ],
)
def test_a_note_that_rings_on_ends_where_its_own_part_speaks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny_model_file: Path,
    track: Track,
    step: int,
    token: int,
    end: int,
) -> None:
    def filled(_model: Any, score: Score, cells: Mask, *_: Any) -> Score:
        tokens = score.tokens.copy()
        tokens[cells] = HOLD
        tokens[16 + step, track] = token
        return replace(score, tokens=tokens)

    monkeypatch.setattr(compose, "infill_cells", filled)
    source, out = tmp_path / "in.mid", tmp_path / "out.mid"
    source.write_bytes(song())
    words = f"infill {source} --out {out} --bars {track.name.lower()}:2"
    result = CliRunner().invoke(main, [*words.split(), "--model", str(tiny_model_file)])
    assert result.exit_code == 0, result.output
    wanted = [LONG] * 4
    wanted[[Track.MELODY, Track.BASS, None, Track.DRUMS].index(track)] = end
    assert ends(out.read_bytes()) == wanted
