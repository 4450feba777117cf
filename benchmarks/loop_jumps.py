"""How many notes of a wrong bar sound when a DAW loops, and what becomes of notes before CONTINUE.

    python benchmarks/loop_jumps.py [--jumps 100] [--loops 12] [--seed 1]

In virtual time, with arrivals spread over a cycle of 5.33 ms, through the port owner; the brain is
one that plays the number of each bar on each beat. A DAW tells a jump with its loop's end: the
first time round nobody knew, and a note may have begun. It ends when the jump is known.
"""

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schmubert.bridge.brain.capture import Capture
from schmubert.bridge.owner.actions import Tell
from schmubert.bridge.protocol.bytes import song_position as position
from schmubert.bridge.protocol.messages import Heard, Moved, ToBrain
from schmubert.engine.music.vocabulary import Track, onset_token
from tests.bridge.owner.test_jumps import JITTER_S, daw_of, note_ons, owner_of, wrong_bars
from tests.bridge.virtual_daw import CONTINUE, STYLES, BarCaller, Daw, play_to


def loops(style: str, per_beat: int, given: argparse.Namespace) -> tuple[int, int, int, int]:
    """(notes struck, of them wrong at a loop's first jump, at any other, jumps)."""
    rng = random.Random(given.seed)
    daw = daw_of(per_beat, rng)
    beat, unforeseen, jumps = 8, [], 0
    for _ in range(given.loops):
        back = 4 * rng.randint(1, min(4, beat // 4))
        unforeseen.append(daw.now)
        for _ in range(-(-given.jumps // given.loops)):
            daw.jump(float(beat - back), style).clocks(back * 24)
            jumps += 1
        on = rng.randint(1, 2)
        daw.clocks(on * 4 * 24)
        beat += on * 4
    sent = play_to(daw, owner_of(daw), BarCaller(int(Track.BASS)))
    wrong = wrong_bars(daw, sent)
    first = sum(any(0.0 <= at_s - jump_s <= JITTER_S for jump_s in unforeseen) for at_s in wrong)
    return note_ons(sent), first, len(wrong) - first, jumps


def early_notes(given: argparse.Namespace) -> tuple[int, int]:
    """(notes written where they were played, notes) up to a beat before CONTINUE at a quarter."""
    rng = random.Random(given.seed)
    kept = played = 0
    for _ in range(given.jumps):
        daw = Daw(120.0, lambda at_s: at_s + rng.random() * JITTER_S)
        daw.clocks(96).send(position(rng.randint(1, 32) * 4)).clocks(24)
        continues_s = daw.now
        daw.send(CONTINUE).clocks(24)
        pitches = [60 + n for n in range(4) if n in (0, 3) or rng.random() < 0.5]
        notes = [
            (continues_s - (64 - pitch) * 0.125, bytes((0x90, pitch, 90))) for pitch in pitches
        ]
        owner, capture = owner_of(daw), Capture([Track.MELODY], keep_bars=20)
        for at_s, message in sorted([*daw.script, *notes], key=lambda entry: entry[0]):
            for action in (*owner.receive(at_s, 0, message), *owner.tick(at_s)):
                if isinstance(action, Tell):
                    _hear(capture, action.message, at_s)
        column = capture.tape(daw.now).tokens[:, Track.MELODY].tolist()
        kept += sum(onset_token(pitch) in column for pitch in pitches)
        played += len(pitches)
    return kept, played


def _hear(capture: Capture, message: ToBrain, now: float) -> None:
    if isinstance(message, Heard):
        capture.hear(message)
    elif isinstance(message, Moved) and message.rolling:
        if capture.rolling:
            capture.follow(message)
        else:
            capture.roll(message, now)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jumps", type=int, default=100)
    parser.add_argument("--loops", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("| a jump is told by | counts | jumps | notes | wrong, first time | wrong, later |")
    print("| --- | --- | --- | --- | --- | --- |")
    for style in STYLES:
        for per_beat, counts in ((4, "16ths"), (24, "clocks")):
            notes, first, later, jumps = loops(style, per_beat, given)
            print(f"| {style} | {counts} | {jumps} | {notes} | {first} | {later} |")
    kept, notes = early_notes(given)
    print(f"\nnotes up to a beat before CONTINUE: {kept} of {notes} written down")


if __name__ == "__main__":
    main()
