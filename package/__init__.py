"""schmubert: a band-mate for your DAW.

The rooms are imported by name: `schmubert.engine`, `schmubert.bridge`, `schmubert.training`,
`schmubert.export` and `schmubert.cli`.
"""

__all__ = ["__version__"]

__version__: str


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: that reads the files of the installation."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("schmubert")


def __dir__() -> list[str]:
    return [*globals(), "__version__"]
