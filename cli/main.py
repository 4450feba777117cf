"""`schmubert`: one click group; a command's code is imported when it is asked for, not before."""

import errno
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

import click

from schmubert.engine.commands import Group
from schmubert.interrupts import INTERRUPTED, raised


class Place(NamedTuple):
    """Where a command lies, as "module:attribute", and its line in the help."""

    target: str
    help_line: str


COMMANDS: Mapping[str, Place] = MappingProxyType(
    {
        "accompany": Place(
            "schmubert.cli.accompany:accompany",
            "Add tracks that accompany the melody of a MIDI file, or of each file in a folder.",
        ),
        "calibrate": Place(
            "schmubert.cli.calibrate:calibrate",
            "Measure the way through a DAW, and say what --offset-ms makes up for it.",
        ),
        "continue": Place(
            "schmubert.cli.continue_:continue_",
            "Let a MIDI file, or each file in a folder, go on for more bars.",
        ),
        "demo": Place(
            "schmubert.cli.demo:demo",
            "Hear the band answer a melody live, on a machine without MIDI too.",
        ),
        "doctor": Place(
            "schmubert.cli.doctor:doctor",
            "Say whether one can play on this computer, and what to change.",
        ),
        "engine": Place(
            "schmubert.engine.__main__:engine_command",
            "Answer players at an address: fill in what their bands should play.",
        ),
        "evaluate": Place(
            "schmubert.cli.evaluate:evaluate",
            "Judge a model on songs it has never seen: tables, JSON and plots.",
        ),
        "export-onnx": Place(
            "schmubert.cli.export_onnx:export_onnx",
            "Write a checkpoint as ONNX, checked against torch first.",
        ),
        "generate": Place(
            "schmubert.cli.generate:generate",
            "Make pieces out of nothing, as MIDI files with numbers for names.",
        ),
        "import-weights": Place(
            "schmubert.cli.import_weights:import_weights",
            "Turn the weights that the thesis' author publishes into a checkpoint.",
        ),
        "infill": Place(
            "schmubert.cli.infill:infill",
            "Make bars of a MIDI file, or of each file in a folder, anew; the rest stays and is"
            " heard.",
        ),
        "interpolate": Place(
            "schmubert.cli.interpolate:interpolate",
            "Find a way from the end of a MIDI file, or of each in a folder, to the beginning of"
            " another.",
        ),
        "jam": Place(
            "schmubert.cli.jam:jam",
            "Play with a band on a keyboard and nothing else: no DAW, no other instrument.",
        ),
        "keygen": Place(
            "schmubert.cli.keygen:keygen",
            "Make a pair of keys, for an engine or a player on another computer.",
        ),
        "ports": Place(
            "schmubert.cli.ports:ports",
            "List the MIDI ports that are there, by their exact names.",
        ),
        "prepare": Place(
            "schmubert.cli.prepare:prepare",
            "Turn MIDI songs into a dataset to train on.",
        ),
        "replay": Place(
            "schmubert.cli.replay:replay",
            "Play or write a session again that `schmubert-bridge --record` kept: the very same"
            " notes.",
        ),
        "template": Place(
            "schmubert.cli.template:template",
            "Make a session for a DAW: tracks for you and the band, tempo, metre, and the wires.",
        ),
        "train": Place("schmubert.cli.train:train", "Train a model on a prepared dataset."),
    }
)

TRAINING_PACKAGES = ("torch", "accelerate", "safetensors", "tensorboard", "onnx", "onnxscript")
CALLED = {"torch": "PyTorch"}


class LazyGroup(Group):
    """A group that knows its commands by name and imports one only to run it."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names, in order."""
        return sorted(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        raised()
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands for `--help`, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help_line) for name in sorted(COMMANDS)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what a user can mend becomes one line that says how."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(INTERRUPTED)
        except ImportError as error:
            raise click.ClickException(missing(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            from schmubert.engine.writing import told

            raise click.ClickException(told(error)) from error


def missing(error: ImportError) -> str:
    """What to install where an import failed."""
    from schmubert.engine.extras import how_to_install

    package = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or package in ("", "schmubert"):
        return str(error)
    if package in TRAINING_PACKAGES:
        return f"This needs {CALLED.get(package, package)}: {how_to_install('train,cpu')}"
    if package == "onnxruntime":
        return f"This needs ONNX Runtime: {how_to_install('cpu')}"
    return f"{error}: install schmubert again, in a fresh virtual environment"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="schmubert")
def main() -> None:
    """A band-mate for your DAW: discrete diffusion accompaniment, live over MIDI.

    To play live, run schmubert-bridge.
    """
