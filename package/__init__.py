"""schmubert: a band-mate for your DAW. Its rooms are imported when they are asked for."""

TYPE_CHECKING = False  # as of `typing`, which takes longer to load than all else here
if TYPE_CHECKING:
    from types import ModuleType

ROOMS = ("bridge", "cli", "engine", "export", "training")

__all__ = ["__version__"]

__version__: str


def __getattr__(name: str) -> "str | ModuleType":
    """A room, or `__version__`, which reads the files of the installation."""
    if name in ROOMS:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("schmubert")


def __dir__() -> list[str]:
    return [*globals(), *ROOMS, "__version__"]
