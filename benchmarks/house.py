"""The house as a table: rooms, floors and arrows of each package, from the code's own imports.

    python benchmarks/house.py [--root DIR]

A room is a module. A floor is a step of the longest chain of modules that import one another, an
arrow is a module that imports another of the same package, a circle is a set of modules each of
which leads to all the others. Entries are what lies side by side in the folder: modules, and
folders of modules. A package in capitals is told with all that lies below it, its folders then
one by one. Imports within functions and for the type checker count; a module named in a string,
such as one that another process runs, does not. `--root` is another checkout, to compare with.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

HERE = Path(__file__).resolve().parents[1]
NAMESPACE = "schmubert"
HOUSE = ("bridge", "cli", "engine", "export", "training")
"""The folders that are packages, with an `__init__.py` or, as once, without."""
HEAD = ("package", "entries", "rooms", "floors", "arrows", "circles", "largest file", "imports")

Graph = Mapping[str, set[str]]
"""Modules and what each of them imports."""


@dataclass(frozen=True)
class House:
    """The modules of a checkout by dotted name, `schmubert` left out: "engine.music.score"."""

    files: Mapping[str, Path]

    @cached_property
    def shown(self) -> dict[str, dict[str, str]]:
        """For each package the names of its public face, and the modules that define them."""
        found: dict[str, dict[str, str]] = {}
        for package, file in self.files.items():
            stub = file.with_suffix(".pyi")
            if file.name == "__init__.py" and stub.exists():
                tree = ast.parse(stub.read_text(encoding="utf-8"))
                found[package] = {
                    alias.asname or alias.name: f"{package}.{node.module}"
                    for node in tree.body
                    if isinstance(node, ast.ImportFrom) and node.module
                    for alias in node.names
                }
        return found

    @cached_property
    def imports(self) -> Graph:
        """What each module imports of the others."""
        return {name: set(self._imports(name)) - {name} for name in self.files}

    def _imports(self, name: str) -> Iterator[str]:
        file = self.files[name]
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                base = _absolute(node, package)
                for alias in node.names:
                    yield from self._defining(base, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    inside = alias.name.removeprefix(f"{NAMESPACE}.")
                    if inside != alias.name and inside in self.files:
                        yield inside

    def _defining(self, base: str, name: str) -> Iterator[str]:
        """The module of `from base import name`, be `name` a module, shown by a face, or neither.

        A face itself is nobody's room: what it shows is defined in a module below it, maybe in
        the face of a package below.
        """
        inside = base.removeprefix(NAMESPACE).lstrip(".")
        module = f"{inside}.{name}".lstrip(".")
        if base.split(".")[0] != NAMESPACE:
            return
        if module in self.files:
            yield module
        elif name in self.shown.get(inside, {}):
            yield from self._defining(f"{NAMESPACE}.{self.shown[inside][name]}", name)
        elif inside in self.files:
            yield inside


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = f"{NAMESPACE}.{package}".split(".")
    return ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])


def read(root: Path) -> House:
    """The house in the checkout `root`."""
    files: dict[str, Path] = {}
    for package in HOUSE:
        for file in sorted((root / package).rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            files[".".join(part for part in parts if part != "__init__")] = file
    if not files:
        raise click.ClickException(f"{root} holds no package: name the folder of a checkout")
    return House(files)


def circles(graph: Graph) -> list[set[str]]:
    """The strongly connected sets of `graph` (Tarjan 1972), each before those that import it."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            start = stack.index(node)
            found.append(set(stack[start:]))
            del stack[start:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def floors(graph: Graph) -> int:
    """How many modules the longest chain of imports in `graph` has; a circle counts as one."""
    height: dict[str, int] = {}
    for together in circles(graph):
        below = {other for node in together for other in graph[node]} - together
        floor = 1 + max((height[other] for other in below), default=0)
        height |= dict.fromkeys(together, floor)
    return max(height.values(), default=0)


def row(house: House, package: str, whole: bool) -> list[str]:
    """The line of `package`: of all that lies below it where `whole`, else of its own modules."""
    below = [
        name
        for name, file in house.files.items()
        if name.startswith(f"{package}.") and file.name != "__init__.py"
    ]
    own = [name for name in below if name.rpartition(".")[0] == package]
    rooms = set(below if whole else own)
    entries = len({name.removeprefix(f"{package}.").split(".")[0] for name in below})
    graph = {name: house.imports[name] & rooms for name in rooms}
    lines = {name: len(house.files[name].read_text("utf-8").splitlines()) for name in rooms}
    largest = max(lines, key=lambda name: (lines[name], name), default="")
    loops = [sorted(names) for names in circles(graph) if len(names) > 1]
    outside = {
        other.partition(".")[0] if whole else _folder(house, other)
        for name in rooms
        for other in house.imports[name]
    } - {package}
    return [
        package.upper() if whole else package.replace(".", "/"),
        str(entries),
        str(len(rooms)),
        str(floors(graph)),
        str(sum(map(len, graph.values()))),
        "; ".join(", ".join(name.rpartition(".")[2] for name in loop) for loop in loops) or "0",
        f"{largest.rpartition('.')[2]}.py, {lines[largest]} lines" if largest else "",
        ", ".join(sorted(outside)).replace(".", "/"),
    ]


def _folder(house: House, module: str) -> str:
    """The package that `module` lies in, or is."""
    is_package = house.files[module].name == "__init__.py"
    return module if is_package else module.rpartition(".")[0]


def _around(house: House, module: str) -> Iterator[str]:
    """The package that `module` lies in, and all around that."""
    parts = _folder(house, module).split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def table(house: House) -> list[list[str]]:
    """A row for each package, and one for each of its folders where it has some."""
    packages = sorted({name for module in house.files for name in _around(house, module)})
    rows = []
    for package in packages:
        inner = [name for name in packages if name.startswith(f"{package}.")]
        if "." not in package:
            rows.append(row(house, package, whole=True))
        if "." in package or inner:
            rows.append(row(house, package, whole=False))
    return rows


@click.command()
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=HERE,
    help="The checkout to look at; this one if not given.",
)
def main(root: Path) -> None:
    """Print the rooms, floors and arrows of each package as a table in Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *table(read(root))]
    click.echo("\n".join(f"| {' | '.join(cells)} |" for cells in lines))


if __name__ == "__main__":
    main()
