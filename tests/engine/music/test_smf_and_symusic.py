"""Corpora are read by symusic, players' files by `smf`: both hear the same notes, odd or not."""

import random
from collections.abc import Sequence

import pytest
import symusic

from schmubert.engine.music.smf import event, meta, midi_file, read, track_body, vlq
from schmubert.engine.music.song import Part, corpus_song, player_song

SONGS = 300
ODD_METAS = (0x01, 0x06, 0x0A, 0x21, 0x4B, 0x7F)


def odd_song(rng: random.Random) -> bytes:
    """A song with all that may stand in a file: SysEx, unknown metas, overlaps, running status."""
    bodies = []
    for _ in range(rng.randint(1, 5)):
        channel = rng.choice((0, 1, 2, 9, 15))
        said = [(0, meta(0, 0x03, rng.choice((b"", b"Melody", "メロディ".encode("cp932")))))]
        for _ in range(rng.randint(1, 40)):
            tick, length = rng.randrange(8000), rng.randint(1, 900)
            pitch, end = rng.randrange(128), rng.choice((0x80, 0x90))
            said.append((tick, event(tick, 0x90 | channel, pitch, rng.randint(1, 127))))
            off = event(tick + length, end | channel, pitch, 0)
            said.append((tick + length, off))
        for _ in range(rng.randint(0, 12)):
            tick = rng.randrange(8000)
            data = rng.randbytes(rng.choice((0, 1, 3, 200)))
            sysex = event(tick, 0xF0, *vlq(len(data) + 1), *data, 0xF7)
            said.append(
                (
                    tick,
                    rng.choice(
                        (
                            meta(tick, rng.choice(ODD_METAS), data),
                            sysex,
                            event(tick, 0xB0 | channel, rng.randrange(128), rng.randrange(128)),
                            event(tick, 0xE0 | channel, rng.randrange(128), rng.randrange(128)),
                            event(tick, 0xC0 | channel, rng.randrange(128)),
                            meta(tick, 0x51, rng.randint(1, 2**24 - 1).to_bytes(3, "big")),
                        )
                    ),
                )
            )
        ordered = [one for _, one in sorted(said, key=lambda pair: pair[0])]
        bodies.append(track_body(ordered, rng.choice((0, 9000, 30000))))
    return midi_file(rng.choice((24, 96, 480, 960)), bodies)


def heard(parts: Sequence[Part]) -> list[tuple[int, int, int, bool]]:
    """All notes of `parts`, whatever part they are of."""
    return sorted(
        note
        for part in parts
        for note in zip(
            part.onsets.tolist(),
            part.ends.tolist(),
            part.pitches.tolist(),
            [part.drums] * len(part.onsets),
            strict=True,
        )
    )


@pytest.mark.parametrize("seed", range(10))
def test_both_readers_hear_the_same_notes(seed: int) -> None:
    rng = random.Random(seed)
    for number in range(SONGS // 10):
        data = odd_song(rng)
        ours, theirs = player_song(data), corpus_song(data)
        assert heard(ours.parts) == heard(theirs.parts), (seed, number)
        assert ours.tempos == theirs.tempos


def test_a_written_file_is_read_by_symusic_as_it_was_meant() -> None:
    data = odd_song(random.Random(1))
    assert symusic.Score.from_midi(data).ticks_per_quarter == read(data).ticks_per_beat
