"""What Ctrl-C does before a command runs, and once it does. It loads next to nothing itself."""

import os

# not `signal`, which first loads enum and collections: ten milliseconds in which nobody is quiet
from _signal import (  # type: ignore[import-not-found]
    SIGINT,
    default_int_handler,
    getsignal,
    signal,
)

INTERRUPTED = 130  # 128 + SIGINT, what a shell reports for Ctrl-C


def leave(_number: int, _frame: object) -> None:
    """End the process at once, without a word. Nothing is open yet, or all is closed again.

    An exception would not do: one in the midst of an import may be swallowed, or told with a
    traceback, by whatever is being imported.
    """
    os._exit(INTERRUPTED)


def left_at_once() -> None:
    """From now on Ctrl-C ends the process, unless somebody ignores it, as `nohup` may."""
    if getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, leave)


def raised() -> None:
    """From now on Ctrl-C is a KeyboardInterrupt again, for a command that has what to close."""
    if getsignal(SIGINT) is leave:
        signal(SIGINT, default_int_handler)
