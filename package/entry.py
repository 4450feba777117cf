"""Where the console scripts begin: Ctrl-C is quiet before what they load is there to hear it."""

from schmubert.interrupts import left_at_once


def schmubert() -> None:
    """`schmubert`; once a command is loaded, Ctrl-C is its own."""
    left_at_once()
    try:
        from schmubert.cli.main import main

        main()
    finally:
        left_at_once()  # as Python ends


def bridge() -> None:
    """`schmubert-bridge`, likewise."""
    left_at_once()
    try:
        from schmubert.bridge.command import main

        main()
    finally:
        left_at_once()
