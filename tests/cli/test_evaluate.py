"""The whole evaluation on songs made here, with a model that plays one bar over and over."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner

from schmubert.cli.evaluate import EXPERIMENTS, evaluate, table
from schmubert.cli.evaluation_plots import draw
from schmubert.cli.main import main
from schmubert.engine.diffusion.sampling import Sampling
from schmubert.engine.networks.onnx_denoiser import OnnxDenoiser
from schmubert.training.evaluation import plain, settings
from schmubert.training.evaluation.figures import Figure, Section
from schmubert.training.evaluation.settings import PARTS
from schmubert.training.metrics.similarity import real_interval
from tests.training.small_corpus import folder, prepared, trios

SMALL = (
    *("--pieces", "2", "--draws", "2", "--songs", "2", "--stage-songs", "2", "--stage-draws", "1"),
    *("--calls", "2", "--temperature", "1"),
)


@pytest.fixture(scope="module")
def model(tiny_model_file: Path) -> str:
    return str(tiny_model_file)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(prepared(tmp_path_factory.mktemp("data"), trios(12, 64), 0.5))


@pytest.fixture(autouse=True, scope="module")
def short() -> Iterator[None]:
    """Few seeds, ways, calls and bootstraps, for every evaluation here alike.

    What is drawn cell by cell takes 8 calls: `test_plain.py` says how many it is to take.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("schmubert.training.evaluation.plain.CALLS", (1,))
        ways = plain.ways

        def brief(bars: int, tracks: int) -> dict[str, Sampling]:
            return {
                name: replace(way, calls=min(way.calls, 8))
                for name, way in ways(bars, tracks).items()
            }

        patch.setattr(plain, "ways", brief)
        patch.setattr("schmubert.training.evaluation.evaluate.BITS_WINDOWS", 8)
        for name in ("live", "rehearsal"):
            patch.setattr(f"schmubert.training.evaluation.{name}.ORACLE_CALLS", 4)
        patch.setattr("schmubert.training.evaluation.variety.ROUNDS", 50)
        few = partial(real_interval, rounds=50)
        patch.setattr("schmubert.training.evaluation.pieces.real_interval", few)
        for name, value in (("SEEDS", 2), ("ROUNDS", 1), ("JUDGED_ROUNDS", 1)):
            patch.setattr(f"schmubert.training.evaluation.trials.{name}", value)
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, data: str, model: str) -> Path:
    out = tmp_path_factory.mktemp("evaluation")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("schmubert.cli.evaluation_plots.draw", one_picture())
        code, said = run("--data", data, "--out", str(out), "--model", model, *SMALL)
    assert code == 0, said
    assert "self-similarity" in said
    return out


def one_picture() -> Callable[[Section, Path, str], None]:
    """Draws the first of all pictures: each takes as long as the figures in it."""
    left = iter([draw])

    def first(section: Section, path: Path, name: str) -> None:
        next(left, touched)(section, path, name)

    return first


def touched(section: Section, path: Path, name: str) -> None:
    del section, name
    path.touch()


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pictures but one of `finished`."""
    monkeypatch.setattr("schmubert.cli.evaluation_plots.draw", lambda *_: None)


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["evaluate", *words])
    return done.exit_code, done.output


def figures(out: Path) -> dict[str, dict[str, dict[str, Any]]]:
    record = json.loads((out / "evaluation.json").read_text())
    return {
        section["title"]: {figure["name"]: figure for figure in section["figures"]}
        for section in record["sections"]
    }


def test_every_part_has_its_tables_and_pictures(finished: Path, model: str) -> None:
    found = figures(finished)
    assert {title.split(":")[0] for title in found} == {
        "bits",
        "unconditional",
        "infilling",
        "accompaniment",
        "live",
        "plain",
        "metres",
    }
    assert len(list(finished.glob("*.png"))) == len(found)
    record = json.loads((finished / "evaluation.json").read_text())
    assert record["settings"]["pieces"] == 2
    assert record["model"] == Path(model).stem


def test_figures_that_can_be_told_beforehand_are_right(finished: Path) -> None:
    found = figures(finished)
    structure = found["unconditional: structure"]
    for track in ("melody", "bass", "drums"):
        assert structure[f"{track}: bar repeated at lag 1"]["value"] == 1.0
        assert structure[f"{track}: empty bars"]["value"] == 0.0
        assert structure[f"{track}: bar repeated at lag 1"]["real"] < 0.1  # random notes
    assert structure["bass: onsets a bar"]["value"] == 8.0
    assert structure["melody: onsets a bar"]["deviation"] == 0.0
    band = found["accompaniment"]
    assert band["drums present"]["value"] == 1.0
    assert band["bass: onsets a bar"]["value"] == 8.0
    assert band["bass: density error"]["real"] == 0.0
    assert found["live: stage"]["drums: empty bars"]["value"] == 0.0
    kept = found["live: what is kept"]
    assert kept["bass: onsets a bar: stage of oracle"]["value"] == pytest.approx(1.0)


def test_what_is_drawn_is_not_drawn_again(
    finished: Path, data: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (finished / "evaluation.json").read_text()

    def refuse(*_: object) -> None:
        raise AssertionError("the model was asked again")

    monkeypatch.setattr(OnnxDenoiser, "__call__", refuse)
    parts = ("--parts", "unconditional,accompaniment,live")
    code, said = run("--data", data, "--out", str(finished), "--model", model, *SMALL, *parts)
    assert code == 0, said
    again = figures(finished)
    (finished / "evaluation.json").write_text(before)
    whole = figures(finished)
    name = "unconditional: structure"
    assert again[name]["bass: onsets a bar"]["value"] == whole[name]["bass: onsets a bar"]["value"]


def test_draws_of_other_settings_are_neither_used_nor_destroyed(
    finished: Path, data: str, model: str
) -> None:
    kept = {path: path.read_bytes() for path in (finished / "draws").iterdir()}
    other = ("--data", data, "--out", str(finished), "--model", model, *SMALL, "--seed", "9")
    code, said = run(*other)
    assert code == 1
    assert "--force" in said
    assert {path: path.read_bytes() for path in (finished / "draws").iterdir()} == kept


def test_force_draws_anew_what_does_not_fit_and_nothing_else(
    finished: Path, data: str, model: str, tmp_path: Path
) -> None:
    shutil.copytree(finished / "draws", tmp_path / "draws")
    parts = ("--parts", "accompaniment", "--seed", "9", "--force")
    code, said = run("--data", data, "--out", str(tmp_path), "--model", model, *SMALL, *parts)
    assert code == 0, said
    changed = {
        path.stem
        for path in (tmp_path / "draws").iterdir()
        if path.read_bytes() != (finished / "draws" / path.name).read_bytes()
    }
    assert changed == {"accompaniment-0", "accompaniment-1"}


def test_a_table_says_what_is_as_real_and_leaves_out_what_no_figure_has() -> None:
    figures = (
        Figure("inside", 0.5, 0.1, low=0.4, high=0.6),
        Figure("outside", 0.7, 0.1, low=0.4, high=0.6),
        Figure("unknown", 0.3, 0.1),
    )
    shown = table(Section("title", "", figures))
    assert [column.header for column in shown.columns] == [
        *("figure", "model", "sd", "low", "high", "as real"),
    ]
    assert list(shown.columns[-1].cells) == ["yes", "no", ""]
    bare = table(Section("title", "", (Figure("loss", 0.2),)))
    assert [column.header for column in bare.columns] == ["figure", "model"]


def test_the_perfect_nonsense_is_scored_without_a_model_and_beside_the_parts(
    finished: Path, data: str
) -> None:
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    words = ("--data", data, "--out", str(finished), "--experiment", "algorithm7")
    code, said = run(*words, "--pieces", "3", "--draws", "2", "--model", "none.onnx")
    assert code == 0, said
    assert {path: path.read_bytes() for path in before} == before
    record = json.loads((finished / "algorithm7.json").read_text())
    assert record["settings"]["experiment"] == "algorithm7"
    scores, structure = (
        {figure["name"]: figure for figure in section["figures"]} for section in record["sections"]
    )
    assert scores["pooled: C pitch"]["value"] > 0.9
    assert structure["drums: empty bars"]["value"] == 1.0
    assert structure["melody: onsets a bar"]["value"] == 4.0


def test_guidance_is_told_for_every_guide_and_for_none(
    tmp_path: Path, data: str, any_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from schmubert.training.evaluation import experiments, guidance, guidance_study

    monkeypatch.setattr(experiments, "PIECE_BARS", 32)
    monkeypatch.setattr(
        guidance_study, "train_density", lambda seed: guidance.train_density(seed, 60)
    )
    words = ("--data", data, "--out", str(tmp_path), "--experiment", "guidance", "--draws", "1")
    more = ("--pieces", "2", "--calls", "8", "--sampler", "balanced", "--temperature", "1")
    code, said = run(*words, *more, "--model", str(any_model))
    assert code == 0, said
    record = json.loads((tmp_path / "guidance.json").read_text())
    found = {
        section["title"].removeprefix("guidance: "): {
            figure["name"]: figure["value"] for figure in section["figures"]
        }
        for section in record["sections"]
    }
    exact = {way: of_way["bars of exactly 8 notes"] for way, of_way in found.items()}
    assert exact["unguided"] < 0.1
    assert exact["onset bias"] > 0.7
    assert exact["onset bias, key and register"] > 0.7
    assert exact["classifier, algorithm 6"] > exact["unguided"]
    for way in ("key", "onset bias, key and register"):
        assert found[way]["melody and bass in C major"] == 1.0
    assert found["register"]["melody in C4 to B5"] == 1.0
    assert found["unguided"]["melody in C4 to B5"] < 0.5
    off = found["onset bias"]
    assert (
        off["squared difference to 8 of all notes a bar"] <= off["squared difference to 8 in a bar"]
    )

    def refuse(*_: object) -> None:
        raise AssertionError("the model was asked again")

    monkeypatch.setattr(OnnxDenoiser, "__call__", refuse)
    code, said = run(*words, *more, "--model", str(any_model))
    assert code == 0, said


def test_the_command_offers_every_experiment_there_is() -> None:
    assert EXPERIMENTS == settings.EXPERIMENTS


def test_what_is_not_asked_for_is_as_in_the_settings() -> None:
    usual = msgspec.structs.asdict(settings.EvaluationSettings())
    context = click.Context(evaluate)
    offered = {option.name: option.get_default(context) for option in evaluate.params}
    numbers = {name for name, value in usual.items() if isinstance(value, int | float | str)}
    numbers -= {"window_bars"}  # the model's, where --window is not given
    assert {name: offered[name] for name in numbers} == {name: usual[name] for name in numbers}


def test_an_experiment_and_parts_are_two_evaluations(tmp_path: Path, data: str) -> None:
    words = ("--data", data, "--out", str(tmp_path), "--experiment", "algorithm7")
    code, said = run(*words, "--parts", "bits")
    assert code == 1
    assert "--experiment stands alone" in said
    assert not list(tmp_path.iterdir())


def test_a_part_alone_leaves_the_figures_of_the_others_where_they_are(
    finished: Path, data: str, model: str, tmp_path: Path
) -> None:
    shutil.copytree(finished, tmp_path / "again")
    before = figures(tmp_path / "again")
    words = ("--data", data, "--out", str(tmp_path / "again"), "--model", model, *SMALL)
    code, said = run(*words, "--parts", "accompaniment")
    assert code == 0, said
    assert "unconditional" not in said
    assert figures(tmp_path / "again") == before
    record = tmp_path / "again" / "evaluation.json"
    assert set(json.loads(record.read_text())["earlier"]) == set(PARTS) - {"accompaniment"}


def test_the_figures_of_another_model_are_not_written_over(
    finished: Path, data: str, any_model: Path, tmp_path: Path
) -> None:
    shutil.copy(finished / "evaluation.json", tmp_path)
    words = ("--data", data, "--out", str(tmp_path), "--model", str(any_model), *SMALL)
    code, said = run(*words, "--parts", "accompaniment")
    assert code == 1
    assert "is of another model" in said
    assert figures(tmp_path) == figures(finished)
    code, said = run(*words, "--parts", "accompaniment", "--force")
    assert code == 0, said
    assert set(figures(tmp_path)) == {"accompaniment"}


def test_ctrl_c_says_what_is_kept(
    finished: Path, data: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    shutil.copytree(finished / "draws", tmp_path / "draws")
    monkeypatch.setattr("schmubert.training.evaluation.evaluate.bands.live", stop)
    parts = ("--parts", "accompaniment,live")
    code, said = run("--data", data, "--out", str(tmp_path), "--model", model, *SMALL, *parts)
    assert code == 130
    assert "stopped: " in said
    assert "the figures of accompaniment in" in said
    assert set(figures(tmp_path)) == {"accompaniment"}


def test_a_folder_of_anybodys_files_is_judged_without_a_model(tmp_path: Path, data: str) -> None:
    made = folder(tmp_path / "made", trios(3, 64))
    words = ("--data", data, "--out", str(tmp_path / "out"), "--pieces", str(made))
    code, said = run(*words)
    assert code == 0, said
    assert "made: 3 pieces of 64 bars" in said
    record = json.loads((tmp_path / "out" / "pieces.json").read_text())
    assert "made: structure" in {section["title"] for section in record["sections"]}
    code, said = run(*words, "--parts", "bits")
    assert code == 1
    assert "--pieces FOLDER stands alone" in said
    code, said = run(*words[:-1], str(tmp_path / "nowhere"))
    assert code == 1
    assert "neither a number nor a folder" in said


def test_the_test_songs_are_not_looked_at_in_passing(tmp_path: Path, data: str, model: str) -> None:
    words = ("--data", data, "--out", str(tmp_path), "--model", model, *SMALL)
    _, said = run(*words, "--parts", "accompaniment", "--split", "test")
    assert "once a release" in said


def test_an_unknown_part_is_named(tmp_path: Path, data: str, model: str) -> None:
    words = ("--data", data, "--out", str(tmp_path), "--model", model, "--parts", "bits,taste")
    code, said = run(*words)
    assert code == 1
    assert "taste" in said


def test_without_a_dataset_it_says_how_to_make_one(tmp_path: Path, model: str) -> None:
    code, said = run("--data", str(tmp_path), "--out", str(tmp_path / "out"), "--model", model)
    assert code == 1
    assert "schmubert prepare" in said
