import subprocess
import sys
from importlib.metadata import version

import click
import pytest
from click.testing import CliRunner

from schmubert.cli import main as module
from schmubert.cli.main import COMMANDS, Place, main
from schmubert.engine.extras import how_to_install

LIGHT = ("cli", "cli.main", "engine", "engine.commands", "interrupts")


def lazily(monkeypatch: pytest.MonkeyPatch, command: click.Command) -> None:
    """Make `command` the group's only one, under the name of `raise`."""
    monkeypatch.setattr(module, "COMMANDS", {"raise": Place(f"{__name__}:made", "Raise.")})
    made = type(sys)(__name__)
    made.made = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, __name__, made)


def raising(error: BaseException) -> click.Command:
    @click.command("raise")
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_where_the_table_says_and_says_what_the_table_says(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.get_short_help_str(limit=200) == COMMANDS[name].help_line


def test_help_lists_every_command_and_imports_none() -> None:
    code = (
        "import sys; from schmubert.cli.main import main; main(['--help'], standalone_mode=False);"
        "print(*(n for n in sys.modules if n.startswith('schmubert.')), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert [name for name in COMMANDS if f"\n  {name} " not in done.stdout] == []
    assert set(done.stderr.split()) == {f"schmubert.{name}" for name in LIGHT}


def test_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert version("schmubert") in result.output


def test_a_command_that_is_not_there() -> None:
    result = CliRunner().invoke(main, ["acompany"])
    assert result.exit_code == 2
    assert "No such command 'acompany'" in result.output


def test_ctrl_c_is_a_short_line_and_130(monkeypatch: pytest.MonkeyPatch) -> None:
    lazily(monkeypatch, raising(KeyboardInterrupt()))
    result = CliRunner().invoke(main, ["raise"])
    assert (result.exit_code, result.output) == (130, "Stopped.\n")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            f"This needs PyTorch: {how_to_install('train,cpu')}",
        ),
        (
            ModuleNotFoundError("No module named 'safetensors.numpy'", name="safetensors.numpy"),
            f"This needs safetensors: {how_to_install('train,cpu')}",
        ),
        (
            ModuleNotFoundError("No module named 'onnxruntime'", name="onnxruntime"),
            'This needs ONNX Runtime: in your clone of schmubert, pip install ".[cpu]"',
        ),
        (
            ModuleNotFoundError("No module named 'mido'", name="mido"),
            "No module named 'mido': install schmubert again, in a fresh virtual environment",
        ),
        (ImportError("the runtime is broken: mend it"), "the runtime is broken: mend it"),
        (FileNotFoundError("x.onnx: no such model file"), "x.onnx: no such model file"),
        (OSError(28, "No space left on device", "a.mid"), "a.mid: No space left on device"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_what_a_user_can_mend_is_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, line: str
) -> None:
    lazily(monkeypatch, raising(error))
    result = CliRunner().invoke(main, ["raise"])
    assert (result.exit_code, result.output) == (1, f"Error: {line}\n")


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    lazily(monkeypatch, raising(ZeroDivisionError()))
    assert isinstance(CliRunner().invoke(main, ["raise"]).exception, ZeroDivisionError)


def test_the_missing_module_of_a_command_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMANDS", {"train": Place("torch_that_is_not:train", "")})
    result = CliRunner().invoke(main, ["train"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: No module named 'torch_that_is_not'")
