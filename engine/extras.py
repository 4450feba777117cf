"""What to install where a package is missing, in the words of every message that says so."""


def how_to_install(extras: str = "") -> str:
    """The command that installs schmubert with `extras`, such as "train,cpu", and where to give it.

    schmubert is on no package index, so that a name alone would be found by no pip. PyTorch comes
    before the rest, since pip alone would draw its CUDA build, whatever the machine.
    """
    what = f'".[{extras}]"' if extras else "."
    first = "install PyTorch as pytorch.org says for your machine, then, "
    return f"{first if 'train' in extras else ''}in your clone of schmubert, pip install {what}"
