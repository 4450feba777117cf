"""A few made-up songs, as MIDI files in a folder or an archive."""

import io
import tarfile
from pathlib import Path

import mido
import numpy as np

from schmubert.engine.music.ensemble_file import ensemble_bytes
from schmubert.engine.music.midifile import midi_bytes
from schmubert.engine.music.score import STEPS_PER_BAR, Score, canonical
from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.training.data.prepare import prepare_dataset
from schmubert.training.data.shards import PrepareSettings


def song(seed: int, bars: int = 20, tracks: tuple[Track, ...] = TRIO, rests: bool = False) -> Score:
    """A song of random notes; with `rests`, each track falls silent for half of its bars."""
    rng = np.random.default_rng(seed)
    tokens = np.zeros((bars * STEPS_PER_BAR, 3), np.int64)
    for track in tracks:
        low, high = ((40, 60), (12, 30), (1, 512))[track]
        spoken = rng.random(len(tokens)) < 0.3
        spoken[::STEPS_PER_BAR] = True
        tokens[spoken, track] = rng.integers(low, high, int(spoken.sum()))
        if rests:
            silent = np.repeat(rng.random(bars) < 0.5, STEPS_PER_BAR)
            tokens[silent, track] = 0
    tokens[-1] = tokens[0]  # something sounds to the end, whatever reads it
    return Score(canonical(tokens), 100.0)


def duet(seed: int, bars: int = 20) -> bytes:
    """A song with two melodies over its bass and drums."""
    tokens = song(seed, bars).tokens
    second = song(seed + 100, bars).tokens[:, :1]
    columns = np.concatenate([tokens[:, :1], second, tokens[:, 1:]], axis=1)
    data = ensemble_bytes(("melody", "melody2", "bass", "drums"), columns, 100.0)
    # what is called a melody leads alone
    return data.replace(b"Melody 2", b"Guitar  ").replace(b"Melody", b"Guitar")


def files(count: int = 10) -> dict[str, bytes]:
    """Songs by path: some with a melody alone, some with rests, one damaged, one copied."""
    found = {}
    for number in range(count):
        tracks = TRIO if number % 3 else TRIO[:1]
        score = song(number, 16 + 3 * number, tracks, rests=number % 4 == 3)
        found[f"pop/{number:02}.mid"] = midi_bytes(score, tracks)
    found["rock/broken.mid"] = found["pop/01.mid"][:10]
    found["rock/copy.mid"] = found["pop/02.mid"]
    return found


def folder(path: Path, content: dict[str, bytes]) -> Path:
    """The files in a folder."""
    for name, data in content.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def archive(path: Path, content: dict[str, bytes]) -> Path:
    """The files in an archive, packed as the name of `path` says."""
    packing = {".gz": "w:gz", ".tgz": "w:gz", ".xz": "w:xz", ".tar": "w"}[path.suffix]
    with tarfile.open(path, packing) as tar:  # type: ignore[call-overload]
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def trios(count: int, bars: int) -> dict[str, bytes]:
    """Songs of so many bars by path, each of all three tracks."""
    return {f"{number}.mid": midi_bytes(song(number, bars)) for number in range(count)}


def band_song(seed: int, bars: int, beats: int, unit: int, swung: bool = False) -> bytes:
    """A song of a melody, chords on each beat that change each second bar, bass and drums."""
    rng = np.random.default_rng(seed)
    triplets = swung or unit == 8
    beat = 720 if unit == 8 else 480
    cells, per_bar = (6 if triplets else 4), (beats // 3 if unit == 8 else beats)
    cell = beat // cells
    notes: dict[int, list[tuple[int, int, int]]] = {0: [], 1: [], 2: [], 9: []}
    for number in range(bars * per_bar):
        start, root = number * beat, 5 * (number // (2 * per_bar)) % 12
        for place in (0, 2 if triplets else 1, cells - (2 if triplets else 1)):
            pitch = 70 + int(rng.integers(12))
            notes[0].append((start + place * cell, start + (place + 1) * cell, pitch))
        notes[1].append((start, start + beat, 36 + root))
        notes[2] += [(start, start + beat // 2, 52 + root + third) for third in (0, 4, 7)]
        notes[9].append((start, start + cell, 36 if number % 2 else 38))
    file = mido.MidiFile(ticks_per_beat=480)
    for channel, name, program in ((0, "Melody", 73), (1, "Bass", 33), (2, "Piano", 0), (9, "", 0)):
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        track.append(mido.MetaMessage("time_signature", numerator=beats, denominator=unit))
        track.append(mido.Message("program_change", channel=channel, program=program))
        events = sorted(
            (tick, kind, pitch)
            for onset, end, pitch in notes[channel]
            for tick, kind in ((onset, "note_on"), (end, "note_off"))
        )
        now = 0
        for tick, kind, pitch in events:
            track.append(mido.Message(kind, channel=channel, note=pitch, time=tick - now))
            now = tick
        file.tracks.append(track)
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue()


def prepared(path: Path, content: dict[str, bytes], validation: float, test: float = 0.03) -> Path:
    """A dataset of these files below `path`; so large a share of the songs is for validation."""
    songs = folder(path / "songs", content)
    settings = PrepareSettings(validation=validation, test=test)
    prepare_dataset([songs], path / "dataset", settings, workers=1)
    return path / "dataset"


def written(path: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }
