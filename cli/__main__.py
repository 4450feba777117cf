"""`python -m schmubert.cli`, for launchers that want a module: accelerate, torchrun."""

from schmubert.cli.main import main

main(prog_name="schmubert")
