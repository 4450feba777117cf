"""The few commands of every day: see `nox --list`. `bash .ci/run` checks the same, and more."""

from pathlib import Path

import nox
from nox.command import CommandFailed

nox.options.sessions = ["lint", "types", "fast"]
nox.options.reuse_existing_virtualenvs = True

FAST = Path("tests/fast.txt").read_text(encoding="utf-8").split()
"""Tests that need neither torch nor a MIDI server; `.ci/run` has them on every Python it finds."""
TORCH = "torch==2.13.0"  # first, so that a CPU build which the index offers is kept


def install(session: nox.Session, extras: str) -> None:
    """This checkout and what `extras` names; nothing where nox runs without environments."""
    if not session.virtualenv.is_sandboxed:
        return
    if "train" in extras:
        session.install(TORCH)
    session.install(f".[{extras}]")


@nox.session
def lint(session: nox.Session) -> None:
    """Style: ruff's lint and format."""
    if session.virtualenv.is_sandboxed:
        session.install("ruff>=0.9")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict on the five packages."""
    install(session, "train,cpu,dev")
    session.run("mypy", "--strict", "-p", "schmubert")


@nox.session
def fast(session: nox.Session) -> None:
    """Tests that need neither torch nor a MIDI server."""
    install(session, "cpu,dev")
    session.run("pytest", "-q", *(session.posargs or FAST))


@nox.session(name="tests")
def everything(session: nox.Session) -> None:
    """All tests; live ones where there is a MIDI server."""
    install(session, "train,cpu,link,dev")
    session.run("pytest", "-q", *session.posargs)


@nox.session
def audit(session: nox.Session) -> None:
    """Known holes in what a player installs: it warns, and passes without a network too."""
    install(session, "cpu,link")
    if session.virtualenv.is_sandboxed:
        session.install("pip-audit>=2.7")
    command = ["pip-audit", "--local", "--skip-editable", "--progress-spinner", "off"]
    try:
        session.run(*command)
    except CommandFailed:
        session.warn("pip-audit found something, or reached no database: see above")


@nox.session
def docs(session: nox.Session) -> None:
    """The site of docs/, strictly, in build/site."""
    install(session, "docs")
    session.run("mkdocs", "build", "--strict")
