"""Who runs under whom, by /proc: to find, and end, one process of a bridge and no other."""

from pathlib import Path


def command_of(pid: int) -> str:
    """The command line of `pid`, empty when it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether `pid` runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def children_of(pid: int) -> list[int]:
    """The living children of `pid`, those of all its threads."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue  # the thread ended meanwhile
    return [child for child in found if is_alive(child)]


def running(*words: str) -> list[int]:
    """Every process whose command line has all of `words`."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if all(word in command_of(pid) for word in words)]


def maps_of(pid: int) -> str:
    """The libraries that `pid` has loaded."""
    return Path(f"/proc/{pid}/maps").read_text()
