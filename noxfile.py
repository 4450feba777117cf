"""The few commands of every day: see `nox --list`. `bash .ci/run` runs them on a bare machine."""

import nox

nox.options.sessions = ["lint", "types", "fast"]
nox.options.reuse_existing_virtualenvs = True

FAST = (
    "tests/bridge",
    "tests/engine/diffusion",
    "tests/engine/music",
    "tests/test_architecture.py",
    "tests/test_readme.py",
)
"""Tests that need neither torch nor a MIDI server; two minutes."""
TORCH = "torch==2.13.0"  # alone and first: what asks for a range may draw a CUDA build


def install(session: nox.Session, extras: str) -> None:
    """This checkout and what `extras` names; nothing where nox runs in an environment at hand."""
    if session.virtualenv.is_sandboxed or "--install" in session.posargs:
        if "train" in extras:
            session.install(TORCH)
        session.install(f".[{extras}]")


@nox.session
def lint(session: nox.Session) -> None:
    """Style: ruff's lint and format."""
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
    session.run("pytest", "-q", *(chosen(session) or FAST))


@nox.session(name="tests")
def everything(session: nox.Session) -> None:
    """All tests; live ones where there is a MIDI server."""
    install(session, "train,cpu,link,dev")
    session.run("pytest", "-q", *chosen(session))


@nox.session
def docs(session: nox.Session) -> None:
    """The site of docs/, strictly, in build/site."""
    install(session, "docs")
    session.run("mkdocs", "build", "--strict")


def chosen(session: nox.Session) -> list[str]:
    """What was named after `--`."""
    return [word for word in session.posargs if word != "--install"]
