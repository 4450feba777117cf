"""What `schmubert template` writes for DAWs, read by what others wrote: the schema of DAWproject.

    pip install xmlschema
    python benchmarks/dawproject_schema.py --schemas FOLDER

FOLDER has Project.xsd and MetaData.xsd of https://github.com/bitwig/dawproject, which are no part
of this repository. A template of every metre and of any roles is made and checked by them. Exit
status 1: one is not valid.
"""

import argparse
import io
import itertools
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

from click.testing import CliRunner

from schmubert.cli.main import main as schmubert

ROLES = ("bass", "drums", "chords", "melody")
METRES = ("2/4", "3/4", "4/4", "5/4", "7/4", "6/8", "9/8", "12/8", "21/8")


def made(folder: Path, metre: str, roles: tuple[str, ...]) -> bytes:
    """The archive that the command makes."""
    out = folder / f"{metre.replace('/', '-')} {'&'.join(roles)}"
    words = ["template", "dawproject", "--out", str(out), "--meter", metre, "--tempo", "97.5"]
    done = CliRunner().invoke(schmubert, [*words, "--tracks", ",".join(roles)])
    if done.exit_code:
        raise RuntimeError(done.output)
    return (out / f"{out.name}.dawproject").read_bytes()


def main() -> int:
    """Make them, and check each."""
    import xmlschema  # none of what the checks of the project install

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--schemas", type=Path, required=True)
    given = parser.parse_args()
    schemas = {
        "project.xml": xmlschema.XMLSchema(given.schemas / "Project.xsd"),
        "metadata.xml": xmlschema.XMLSchema(given.schemas / "MetaData.xsd"),
    }
    checked, wrong = 0, []
    some = [roles for count in (1, 2, 3, 4) for roles in itertools.combinations(ROLES, count)]
    with tempfile.TemporaryDirectory() as place:
        for metre, roles in itertools.product(METRES, some):
            with ZipFile(io.BytesIO(made(Path(place), metre, roles))) as archive:
                for name, schema in schemas.items():
                    found = schema.iter_errors(archive.read(name).decode())
                    wrong += [f"{metre} {roles} {name}: {error.reason}" for error in found]
                    checked += 1
    print(*wrong, f"{checked} files, {len(wrong)} errors", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
