"""Keys in files: who a player is, and which engine is meant. They are CURVE pairs of ZeroMQ's.

`NAME.key` is secret and for its owner alone, `NAME.pub` is for others. A player's key also holds
the public key of the engine that it is for. Both are ZeroMQ certificates: `zmq.auth` reads them.
"""

import os
import re
import struct
from pathlib import Path
from typing import NamedTuple

import zmq
from zmq.utils import z85

SECRET, PUBLIC = ".key", ".pub"
LINE = re.compile(r'^\s*(public|secret|engine)-key\s*=\s*"([^"\s]+)"\s*$', re.MULTILINE)
KEY_LETTERS = 40  # 32 bytes in Z85
MOST_BYTES = 65_536
OTHERS_READ, OTHERS_WRITE = 0o077, 0o002
"""The rights to a file that others must not have: any to a secret one, to write to a public one."""
SECRET_WORDS = """\
# The secret key of {name}. Whoever has this file is {name}: show it to nobody.
# {name}.pub is for others.
"""
PUBLIC_WORDS = "# The public key of {name}, for whoever {name} plays with. It is no secret.\n"


class EngineKey(NamedTuple):
    """An engine's own pair, each key in Z85."""

    public: bytes
    secret: bytes


class PlayerKey(NamedTuple):
    """A player's own pair and the public key of the engine, each in Z85; `path` is its file."""

    public: bytes
    secret: bytes
    engine: bytes
    path: Path


def make(name: Path, engine: Path | None = None, force: bool = False) -> tuple[Path, Path]:
    """Write a new pair into `NAME.key` and `NAME.pub`; where they are.

    `engine` is the public file of the engine that it is for, where it is a player's. ValueError
    where one of the files is there already and not to be lost (`force`), or where `engine` is one
    of them or no public key; OSError where they cannot be written.
    """
    known = None if engine is None else public_key(engine)
    stem = name.name.removesuffix(SECRET).removesuffix(PUBLIC)
    if not stem:
        raise ValueError(f"{name}: a key needs a name, as schmubert keygen anna")
    secret_file, public_file = name.with_name(stem + SECRET), name.with_name(stem + PUBLIC)
    if engine is not None and engine.resolve() in (secret_file.resolve(), public_file.resolve()):
        raise ValueError(f"{engine} is the engine's key: give the player another name")
    for path in (secret_file, public_file):
        if path.exists() and not force:
            raise ValueError(
                f"{path} is there already: take another name, or --force to make a new key"
                " (the old one is lost, and opens nothing any more)"
            )
    _has_curve()
    public, secret = zmq.curve_keypair()
    told = {"public": public, "secret": secret} | ({} if known is None else {"engine": known})
    _write(secret_file, SECRET_WORDS.format(name=stem), told, 0o600, force)
    _write(public_file, PUBLIC_WORDS.format(name=stem), {"public": public}, 0o644, force)
    return secret_file, public_file


def engine_key(path: Path) -> EngineKey:
    """The pair in the secret file `path`; ValueError where it is none."""
    _has_curve()
    found = _secret(path)
    return EngineKey(found["public"], found["secret"])


def player_key(path: Path) -> PlayerKey:
    """The key of a player in the secret file `path`; ValueError where it is none."""
    _has_curve()
    found = _secret(path)
    if "engine" not in found:
        raise ValueError(
            f"{path} names no engine: ask for the engine's .pub file, and make a key for it by"
            " schmubert keygen NAME --engine FILE"
        )
    return PlayerKey(found["public"], found["secret"], found["engine"], path)


def public_key(path: Path) -> bytes:
    """The public key in `path`; ValueError where it is none, or others can change it."""
    found, mode = _read(path)
    if "secret" in found:
        raise ValueError(
            f"{path} is a secret key, which stays with its owner: take {path.stem}{PUBLIC}"
        )
    if "public" not in found:
        raise ValueError(f"{path} is no public key: schmubert keygen makes {path.stem}{PUBLIC}")
    if mode & OTHERS_WRITE:
        raise ValueError(f"{path} can be changed by others: chmod o-w {path}")
    return found["public"]


def _secret(path: Path) -> dict[str, bytes]:
    """The keys in the secret file `path`, which are a pair, and which nobody else can read."""
    found, mode = _read(path)
    if "secret" not in found:
        raise ValueError(f"{path} is no secret key: schmubert keygen makes one, NAME{SECRET}")
    if mode & OTHERS_READ:
        raise ValueError(f"{path} can be read by others: chmod 600 {path}")
    if found.get("public") != zmq.curve_public(found["secret"]):
        raise ValueError(f"{path} is damaged: make another key by schmubert keygen")
    return found


def _read(path: Path) -> tuple[dict[str, bytes], int]:
    """The keys that the file `path` names, and its rights (none on Windows, which has others)."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode if os.name == "posix" else 0
            text = file.read(MOST_BYTES).decode(errors="replace")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    found = {kind: key.encode() for kind, key in LINE.findall(text)}
    for kind, key in found.items():
        if not _is_key(key):
            raise ValueError(f"{path} is damaged: its {kind} key is none")
    return found, mode


def _is_key(key: bytes) -> bool:
    """Whether `key` is 32 bytes in Z85."""
    try:
        return len(key) == KEY_LETTERS and z85.encode(z85.decode(key)) == key
    except (KeyError, ValueError, struct.error):
        return False


def _write(path: Path, words: str, told: dict[str, bytes], mode: int, force: bool) -> None:
    """A new file with `mode`, less what the umask takes; never one that is there and is read."""
    if force:
        path.unlink(missing_ok=True)
    lines = [f'    {kind}-key = "{key.decode()}"\n' for kind, key in told.items()]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(words + "curve\n" + "".join(lines))


def _has_curve() -> None:
    if not zmq.has("curve"):
        raise ValueError("this ZeroMQ was built without CURVE: pip install --force-reinstall pyzmq")
