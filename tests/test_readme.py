"""README is short, and what it and the pages in docs/ tell one to type is there to be typed.

That every command and option is described is held by `tests/cli/test_commands_page.py`.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import mido
import pytest

from schmubert.cli.commands_page import all_commands

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "engine/MODEL_CARD.md", *sorted((ROOT / "docs").rglob("*.md"))]
MOST_LINES = 149
COMMANDS = all_commands()
BREAKS = set(";&|(){}<>\n")
"""What ends a command in a shell; it stands as a word of its own."""
OTHERS = {"--help", "--version", "--depth", "--no-apt", "--no-live", "--config-settings"}
"""Options of every command, and those of git, pip and .ci/run that stand by themselves."""
ANYTHING = {"…", "...", "#"}
"""What stands for more of the kind, or for a remark, at the end of a command."""


def code(text: str) -> Iterator[str]:
    """What `text` shows as code: blocks, line by line, and what stands between backticks."""
    blocks = r"^ *```.*?\n(.*?)^ *```"
    for block in re.findall(blocks, text, re.DOTALL | re.MULTILINE):
        yield from block.replace("\\\n", " ").splitlines()
    for inline in re.findall(
        r"`([^`]+)`", re.sub(blocks, "", text, flags=re.DOTALL | re.MULTILINE)
    ):
        yield " ".join(inline.split()).replace("\\|", "|")


def calls(line: str) -> Iterator[list[str]]:
    """The commands of ours in `line`, each as its words."""
    if "schmubert" not in line:
        return
    try:
        reader = shlex.shlex(line, posix=True, punctuation_chars=";&|(){}<>")
        reader.whitespace_split = True
        words = list(reader)
    except ValueError:  # an apostrophe: no shell reads that, but it may be an output
        words = line.split()
    call: list[str] | None = None
    for word in [*words, ";"]:
        if call is not None and (set(word) <= BREAKS or word in ANYTHING):
            yield call
            call = None
        elif call is not None:
            call.append(word)
        elif word.split("/")[-1] in ("schmubert", "schmubert-bridge"):
            call = [word.split("/")[-1]]
        elif word == "schmubert.cli":
            call = ["schmubert"]


def mistake(call: list[str]) -> str | None:
    """What click would not take of `call`; nothing is run, and what is missing is no mistake."""
    path, words = call[0], [word for word in call[1:] if not word.startswith("[")]
    group = isinstance(COMMANDS[path].command, click.Group)
    if group and words and not words[0].startswith("-") and not placeholder(words[0]):
        path, words = f"{path} {words[0]}", words[1:]
        if path not in COMMANDS:
            return f"there is no {path}"
    context = COMMANDS[path]
    command = context.command
    try:
        given, left, _ = command.make_parser(context).parse_args(words)
        if left and not isinstance(command, click.Group):
            return f"{path} does not take {left}"
        for parameter in command.params:
            value = given.get(parameter.name)
            fixed = isinstance(parameter.type, click.Choice | click.IntRange | click.FloatRange)
            if fixed and isinstance(value, str) and not placeholder(value):
                parameter.type_cast_value(context, value)
    except click.UsageError as error:
        if isinstance(error, click.BadOptionUsage) and not isinstance(error, click.NoSuchOption):
            return None  # the option was named for itself, without its value
        return f"{path}: {error.format_message()}"
    return None


def placeholder(value: str) -> bool:
    """Whether `value` stands for others: N, BPM, a|b."""
    return value.isupper() or "|" in value


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_one_is_told_to_type_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = [(mistake(call), call) for line in code(text) for call in calls(line)]
    assert [one for one in found if one[0] is not None] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_option_is_named_that_no_command_has(page: Path) -> None:
    known = {
        name
        for context in COMMANDS.values()
        for option in context.command.params
        for name in [*option.opts, *option.secondary_opts]
    }
    text = page.read_text(encoding="utf-8")
    named = {word for line in code(text) for word in re.findall(r"^(--[a-z][a-z-]+)\b", line)}
    assert named - known - OTHERS == set()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("schmubert demo", [["schmubert", "demo"]]),
        (".venv/bin/schmubert-bridge --in A || x", [["schmubert-bridge", "--in", "A"]]),
        ("{ schmubert ports; }", [["schmubert", "ports"]]),
        ("schmubert ports && schmubert demo", [["schmubert", "ports"], ["schmubert", "demo"]]),
        ("torchrun -m schmubert.cli train …", [["schmubert", "train"]]),
        ('schmubert-bridge --out "My Bass"', [["schmubert-bridge", "--out", "My Bass"]]),
        ("from schmubert.engine import score", []),
        ("pip install schmubert-x", []),
    ],
)
def test_commands_are_found_in_a_line(line: str, words: list[list[str]]) -> None:
    assert list(calls(line)) == words


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("schmubert acompany IN.mid", "there is no schmubert acompany"),
        ("schmubert accompany IN.mid --colour red", "No such option"),
        ("schmubert-bridge --mode dance", "'dance' is not one of"),
        ("schmubert generate --bars 2", "is not in the range"),
        ("schmubert demo IN.mid", r"does not take \['IN.mid'\]"),
    ],
)
def test_what_click_would_not_take_is_seen(line: str, said: str) -> None:
    [call] = calls(line)
    assert re.search(said, mistake(call) or "")


@pytest.mark.parametrize("line", ["schmubert accompany", "schmubert demo --bars N", "schmubert"])
def test_what_is_only_named_is_no_mistake(line: str) -> None:
    [call] = calls(line)
    assert mistake(call) is None


def test_the_program_in_the_readme_plays_where_the_song_has_its_bars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a song with a pick-up, which a score does not hold."""
    beat, pitches = 480, [67, 60, 64, 67, 60, 64, 67, 60, 64, 67, 60, 64, 60]
    song = mido.MidiFile(ticks_per_beat=beat)
    song.tracks.append(track := mido.MidiTrack())
    track.append(mido.MetaMessage("time_signature", numerator=1, denominator=4))
    for number, pitch in enumerate(pitches):
        if number == 1:
            track.append(mido.MetaMessage("time_signature", numerator=3, denominator=4))
        track.append(mido.Message("note_on", note=pitch, velocity=80))
        track.append(mido.Message("note_off", note=pitch, time=beat))
    song.save(tmp_path / "IN.mid")
    [program] = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(program, str(README), "exec"), {})
    played = mido.MidiFile(tmp_path / "OUT.mid").tracks[1:]
    firsts, basses = [], []
    for part in played:
        now = 0
        for message in part:
            now += message.time
            if message.type == "note_on" and message.velocity:
                firsts.append(now)
                basses += [message.note] if message.channel != 9 else []
    assert min(firsts) >= beat, "nothing is played to the pick-up"
    assert all(28 <= pitch <= 55 for pitch in basses)


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_test_command_is_in_the_readme() -> None:
    assert "bash .ci/run" in README.read_text(encoding="utf-8")
