"""What to install where a package is missing, in the words of every message that says so."""


def how_to_install(extras: str = "") -> str:
    """The command that installs schmubert with `extras`, such as "train,cpu", and where to give it.

    schmubert is on no package index, so that a name alone would be found by no pip.
    """
    what = f'".[{extras}]"' if extras else "."
    return f"in your clone of schmubert, pip install {what}"
