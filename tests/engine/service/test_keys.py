"""Keys in files: what is written, who can read it, and what is refused."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
import zmq.auth
from hypothesis import given
from hypothesis import strategies as st

from schmubert.engine.service.keys import engine_key, make, player_key, public_key

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    return make(tmp_path / "studio")[1]


def test_a_player_has_a_pair_and_knows_the_engine(tmp_path: Path, studio: Path) -> None:
    secret, public = make(tmp_path / "anna", studio)
    key = player_key(secret)
    assert key.public == public_key(public)
    assert key.engine == public_key(studio) == engine_key(tmp_path / "studio.key").public
    assert key.path == secret
    assert key.public != key.engine


def test_both_files_are_certificates_of_zeromq(tmp_path: Path, studio: Path) -> None:
    secret, public = make(tmp_path / "anna", studio)
    key = player_key(secret)
    assert zmq.auth.load_certificate(secret) == (key.public, key.secret)
    assert zmq.auth.load_certificate(public) == (key.public, None)
    made_by_pyzmq, _ = zmq.auth.create_certificates(tmp_path, "bob")
    assert public_key(Path(made_by_pyzmq)) == zmq.auth.load_certificate(made_by_pyzmq)[0]


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_secret_is_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        secret, public = make(tmp_path / "anna")
    finally:
        os.umask(before)
    assert secret.stat().st_mode & 0o777 == 0o600
    assert public.stat().st_mode & 0o022 == 0


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o610])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, studio: Path, mode: int) -> None:
    secret, _ = make(tmp_path / "anna", studio)
    secret.chmod(mode)
    for read in (player_key, engine_key):
        with pytest.raises(ValueError, match=f"^{secret} can be read by others: chmod 600 "):
            read(secret)
    secret.chmod(0o600)
    player_key(secret)


@posix
def test_a_public_key_that_others_can_change_is_refused(studio: Path) -> None:
    studio.chmod(0o666)
    with pytest.raises(ValueError, match="can be changed by others: chmod o-w "):
        public_key(studio)


@pytest.mark.parametrize("there", ["anna.key", "anna.pub"])
@pytest.mark.parametrize("name", ["anna", "anna.key", "anna.pub"])
def test_what_is_there_is_not_written_over(tmp_path: Path, there: str, name: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(ValueError, match=f"{there} is there already: .*--force"):
        make(tmp_path / name)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
    secret, _ = make(tmp_path / name, force=True)
    engine_key(secret)


def test_a_forced_key_is_as_secret_as_any(tmp_path: Path) -> None:
    (tmp_path / "anna.key").write_text("can be read by all")
    (tmp_path / "anna.key").chmod(0o666)
    engine_key(make(tmp_path / "anna", force=True)[0])


def test_the_wrong_file_is_told(tmp_path: Path, studio: Path) -> None:
    secret, public = make(tmp_path / "anna", studio)
    lost = tmp_path / "lost.key"
    for wrong, says in (
        (lambda: player_key(studio.with_suffix(".key")), "names no engine: ask for"),
        (lambda: player_key(public), "is no secret key: schmubert keygen makes one"),
        (lambda: engine_key(lost), "lost.key: No such file"),
        (lambda: public_key(secret), "is a secret key, .*: take anna.pub"),
        (lambda: make(tmp_path / "bob", secret), "is a secret key"),
        (lambda: make(tmp_path / ".key"), "a key needs a name"),
    ):
        with pytest.raises(ValueError, match=says) as caught:
            wrong()
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "bob.key").exists()


@given(st.data())
def test_a_damaged_key_is_told(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("keys")
    secret, _ = make(folder / "anna")
    whole = secret.read_bytes()
    pair = engine_key(secret)
    at = data.draw(st.integers(whole.index(b"public-key"), len(whole) - 1))
    flipped = bytearray(whole)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    secret.write_bytes(flipped)
    with suppress(ValueError):
        assert engine_key(secret) == pair  # a blank more or less


@given(noise=st.binary(max_size=200))
def test_noise_is_no_key(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("keys") / "anna.key"
    path.write_bytes(noise)
    path.chmod(0o600)
    for read in (player_key, engine_key, public_key):
        with pytest.raises(ValueError, match=r"is no (secret|public) key: "):
            read(path)
