from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from schmubert.cli.piano_roll import BARS_A_ROW, BOX_COLOUR, COLOURS, Roll, draw, draw_stack
from schmubert.engine.music.score import Score, silence
from schmubert.engine.music.vocabulary import OFF, TRIO, Drum, Track, drum_token, onset_token
from tests.cli.pictures import shown


def playing(*tracks: Track, bars: int = 4) -> Score:
    tokens = silence(bars).tokens.copy()
    for step in range(0, len(tokens), 8):
        if Track.MELODY in tracks:
            tokens[step, Track.MELODY] = onset_token(72)
            tokens[step + 6, Track.MELODY] = OFF
        if Track.BASS in tracks:
            tokens[step, Track.BASS] = onset_token(40)
        if Track.DRUMS in tracks:
            tokens[step, Track.DRUMS] = drum_token([Drum.KICK, Drum.RIDE])
    return Score(tokens)


@pytest.mark.parametrize("track", TRIO)
def test_each_track_is_drawn_in_its_colour(tmp_path: Path, track: Track) -> None:
    alone, without = tmp_path / "alone.png", tmp_path / "without.png"
    draw(playing(track), alone)
    draw(playing(*(set(TRIO) - {track})), without)
    assert shown(alone, COLOURS[track]) > 150
    assert shown(without, COLOURS[track]) < 60  # of the black text, at most


def test_bars_are_framed(tmp_path: Path) -> None:
    draw(playing(*TRIO), tmp_path / "plain.png")
    draw(playing(*TRIO), tmp_path / "boxed.png", "a title", [(2, 4)])
    assert shown(tmp_path / "plain.png", BOX_COLOUR) == 0
    assert shown(tmp_path / "boxed.png", BOX_COLOUR) > 300


def test_long_songs_go_on_in_rows(tmp_path: Path) -> None:
    draw(playing(*TRIO, bars=BARS_A_ROW), tmp_path / "one.png")
    draw(playing(*TRIO, bars=BARS_A_ROW + 1), tmp_path / "two.png")
    one, two = imread(tmp_path / "one.png"), imread(tmp_path / "two.png")
    assert two.shape[1] == one.shape[1]
    assert two.shape[0] > 1.7 * one.shape[0]


def test_rolls_stand_under_each_other_each_with_its_own_boxes(tmp_path: Path) -> None:
    song = playing(*TRIO, bars=8)
    given = Roll(song, "given", hidden=(Track.BASS, Track.DRUMS))
    draw_stack([given], tmp_path / "one.png")
    draw_stack([given, Roll(song, "made", drums=[(2, 4)])], tmp_path / "two.png")
    one, two = (shown(tmp_path / name, COLOURS[Track.BASS]) for name in ("one.png", "two.png"))
    assert one < 60 < 150 < two
    assert shown(tmp_path / "one.png", BOX_COLOUR) == 0
    assert shown(tmp_path / "two.png", BOX_COLOUR) > 100
    assert imread(tmp_path / "two.png").shape[0] > 2 * imread(tmp_path / "one.png").shape[0]


def test_a_box_of_the_bass_leaves_the_melody_out(tmp_path: Path) -> None:
    song = playing(*TRIO, bars=8)
    for name, roll in {
        "none": Roll(song, "given"),
        "bass": Roll(song, "given", bass=[(2, 4)]),
        "both": Roll(song, "given", pitched=[(2, 4)]),
    }.items():
        draw_stack([roll], tmp_path / f"{name}.png")
    none, bass, both = (
        shown(tmp_path / f"{name}.png", BOX_COLOUR) for name in ("none", "bass", "both")
    )
    assert none == 0 < bass < both


@pytest.mark.parametrize("bars", [0, 1])
def test_silence_can_be_drawn(tmp_path: Path, bars: int) -> None:
    draw(silence(bars), tmp_path / "silence.png")
    for track in (Track.MELODY, Track.BASS):
        assert shown(tmp_path / "silence.png", COLOURS[track]) == 0
    assert 0 < shown(tmp_path / "silence.png", COLOURS[Track.DRUMS]) < 60  # the black text


def test_other_formats(tmp_path: Path) -> None:
    draw(playing(*TRIO), tmp_path / "roll.svg")
    assert "<svg" in (tmp_path / "roll.svg").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="'mid' is not supported"):
        draw(playing(*TRIO), tmp_path / "roll.mid")


def test_the_same_score_gives_the_same_picture(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw(playing(*TRIO), tmp_path / name)
    assert np.array_equal(imread(tmp_path / "a.png"), imread(tmp_path / "b.png"))
