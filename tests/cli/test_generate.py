from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from schmubert.cli.main import main
from schmubert.engine.diffusion.rests import tacet_bars
from schmubert.engine.music.meter import Meter
from schmubert.engine.music.midifile import read_score
from schmubert.engine.music.pauses import Pauses
from schmubert.engine.music.vocabulary import TRIO
from tests import tiny_model


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["generate", *words])
    return done.exit_code, done.output


def test_pieces_are_written_whole(tmp_path: Path, tiny_model_file: Path) -> None:
    out = tmp_path / "pieces"
    code, said = run(
        "--count", "11", "--bars", "20", "--out", str(out), "--model", str(tiny_model_file)
    )
    assert code == 0, said
    assert "--seed" in said
    assert sorted(path.name for path in out.iterdir()) == [f"{n:02}.mid" for n in range(1, 12)]
    score = read_score((out / "07.mid").read_bytes()).score
    assert score.bars == 20
    for track in TRIO:
        assert score.tokens[:16, track].tolist() == tiny_model.bar_of(track)


def test_the_seed_and_the_number_make_the_piece(tmp_path: Path, any_model: Path) -> None:
    few, many, other = (tmp_path / name for name in ("few", "many", "other"))
    for out, count, seed in ((few, "1", "3"), (many, "3", "3"), (other, "1", "4")):
        words = ("--count", count, "--seed", seed, "--out", str(out), "--model", str(any_model))
        code, said = run(*words, "--bars", "4", "--window", "4", "--calls", "1")
        assert code == 0, said
        assert "--seed" not in said
    assert (few / "1.mid").read_bytes() == (many / "1.mid").read_bytes()
    assert (many / "2.mid").read_bytes() != (many / "1.mid").read_bytes()
    assert (other / "1.mid").read_bytes() != (few / "1.mid").read_bytes()


def test_what_is_there_stays_unless_forced(tmp_path: Path, tiny_model_file: Path) -> None:
    (tmp_path / "2.mid").write_text("mine")
    words = ("--count", "2", "--bars", "4", "--out", str(tmp_path), "--model", str(tiny_model_file))
    code, said = run(*words)
    assert code == 1
    assert "--force" in said
    assert (tmp_path / "2.mid").read_text() == "mine"
    assert not (tmp_path / "1.mid").exists()
    assert run(*words, "--force")[0] == 0
    assert (tmp_path / "2.mid").read_bytes()[:4] == b"MThd"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--out", "file"), "file is a file: name a folder"),
        (("--out", "out", "--plot", "file"), "file is a file: name a folder"),
        (("--out", "file/of/it"), "file is a file, not a folder: name another place"),
        (("--out", "out", "--feel", "triplet"), "; or --feel straight"),
    ],
)
def test_what_is_in_the_way_is_one_line_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    model = tiny_model.write(tmp_path / "m.onnx", Meter(5))
    code, said = run(*words, "--meter", "5/4", "--model", str(model))
    assert (code, said.count("\n")) == (1, 1)
    assert said.endswith(f"{says}\n")
    assert not (tmp_path / "out").exists()


def test_each_piece_has_its_piano_roll(tmp_path: Path, tiny_model_file: Path) -> None:
    plots = tmp_path / "rolls" / "of it"
    words = ("--count", "2", "--bars", "4", "--out", str(tmp_path), "--model", str(tiny_model_file))
    code, said = run(*words, "--plot", str(plots))
    assert code == 0, said
    assert sorted(path.name for path in plots.iterdir()) == ["1.png", "2.png"]
    assert {path.read_bytes()[:4] for path in plots.iterdir()} == {b"\x89PNG"}
    for number in (1, 2):
        (tmp_path / f"{number}.mid").unlink()
    code, said = run(*words, "--plot", str(plots))
    assert code == 1
    assert "1.png and 1 more are there already" in said


def test_a_model_of_noise_is_played_by_the_reverse_sampler_alone(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="a checkpoint needs torch")
    from schmubert.engine.networks import checkpoint
    from schmubert.engine.networks.config import ModelConfig
    from schmubert.engine.networks.convolutional import ConvTransformer

    torch.manual_seed(0)
    config = ModelConfig(
        token_width=8, width=16, layers=1, heads=2, positions="rotary", corruption="uniform"
    )
    path, out = tmp_path / "noise.safetensors", tmp_path / "pieces"
    checkpoint.save(path, ConvTransformer(config).state_dict(), config, {})
    words = ("--bars", "4", "--calls", "3", "--model", str(path), "--device", "cpu")
    code, said = run(*words, "--out", str(out))
    assert code == 1
    assert "--sampler reverse" in said
    assert not out.exists()
    code, said = run(*words, "--out", str(out), "--sampler", "reverse", "--seed", "1")
    assert code == 0, said
    assert read_score((out / "1.mid").read_bytes()).score.bars == 4


def test_tracks_rest_where_songs_did_unless_all_are_to_play(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="a checkpoint needs torch")
    from schmubert.engine.networks import checkpoint
    from schmubert.engine.networks.config import ModelConfig
    from schmubert.engine.networks.convolutional import ConvTransformer

    torch.manual_seed(0)
    config = ModelConfig(token_width=8, width=16, layers=1, heads=2, positions="rotary")
    resting = np.zeros((1, 8, 3), bool)
    resting[0, 2:5] = True
    path, out = tmp_path / "m.safetensors", tmp_path / "pieces"
    about = {"pauses": Pauses(resting).encoded()}
    checkpoint.save(path, ConvTransformer(config).state_dict(), config, about)
    words = ("--bars", "8", "--calls", "2", "--model", str(path), "--device", "cpu", "--seed", "1")
    for tutti in (False, True):
        code, said = run(*words, "--out", str(out), "--force", *["--tutti"][: int(tutti)])
        assert code == 0, said
        score = read_score((out / "1.mid").read_bytes()).score
        silent = np.flatnonzero(tacet_bars(score.tokens, TRIO).all(axis=1)).tolist()
        assert silent == ([] if tutti else [2, 3, 4])


def test_the_reverse_sampler_plays_masks_too(tmp_path: Path, tiny_model_file: Path) -> None:
    words = ("--out", str(tmp_path), "--model", str(tiny_model_file), "--sampler", "reverse")
    code, said = run(*words, "--bars", "4", "--calls", "5")
    assert code == 0, said
    score = read_score((tmp_path / "1.mid").read_bytes()).score
    for track in TRIO:
        assert score.tokens[:16, track].tolist() == tiny_model.bar_of(track)


def test_the_reverse_sampler_makes_no_longer_piece_than_a_window(
    tmp_path: Path, tiny_model_file: Path
) -> None:
    words = ("--out", str(tmp_path), "--model", str(tiny_model_file), "--sampler", "reverse")
    code, said = run(*words, "--bars", "65")
    assert code == 1
    assert "at most 64 bars" in said
