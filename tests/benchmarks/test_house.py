"""The table of the house, of a small one whose rooms can be counted by hand."""

from pathlib import Path

import pytest

from tests.benchmarks.scripts import benchmark, run

CODE = {
    "engine/score.py": "",
    "engine/model.py": "from schmubert.engine.score import Score\nimport numpy",
    "engine/load.py": "from schmubert.engine import model\n\n\n"
    "def f():\n    import schmubert.engine.runs",
    "engine/runs.py": "from schmubert.engine.load import load\nSCRIPT = 'schmubert.engine.score'",
    "bridge/__init__.py": "",
    "bridge/live.py": "from schmubert.bridge.brain import Brain\n"
    "from schmubert.engine.score import Score",
    "bridge/brain/__init__.py": "import lazy_loader",
    "bridge/brain/__init__.pyi": "from .process import Brain as Brain",
    "bridge/brain/process.py": "from .plan import Plan",
    "bridge/brain/plan.py": "PLAN = 1\n" * 5,
}


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, list[str]]:
    for name, source in CODE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    lines = run("house", "--root", tmp_path).splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in lines]
    return {package: others for package, *others in cells}


def test_a_flat_package_with_a_circle_is_one_row(rows: dict[str, list[str]]) -> None:
    assert {name for name in rows if name.lower() == "engine"} == {"ENGINE"}
    entries, rooms, floors, arrows, circles, largest, *_ = rows["ENGINE"]
    assert (entries, rooms) == ("4", "4")
    assert floors == "3"  # score, model, and the circle of the other two
    assert arrows == "4"
    assert circles == "load, runs"
    assert largest == "load.py, 5 lines"


def test_a_package_of_folders_is_told_whole_and_one_by_one(rows: dict[str, list[str]]) -> None:
    assert rows["BRIDGE"] == ["2", "3", "3", "2", "0", "plan.py, 5 lines", "engine"]
    assert rows["bridge"][:5] == ["2", "1", "1", "0", "0"]
    assert rows["bridge"][-1] == "bridge/brain, engine"  # by the face of the brain
    assert rows["bridge/brain"][:5] == ["2", "2", "2", "1", "0"]


def test_the_project_itself_is_read() -> None:
    house = benchmark("house")
    read = house.read(house.HERE)
    assert "engine.music.score" in read.imports["engine.music.midifile"]


def test_a_folder_without_a_house_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="holds no package"):
        benchmark("house").read(tmp_path)
