"""What `prepare` tells its user."""

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from schmubert.engine.music.vocabulary import TRIO, Track
from schmubert.training.data.dataset import Dataset
from schmubert.training.data.layout import SPLITS, About
from schmubert.training.data.windows import HOP_BARS

WINDOWS = (16, 64)


@dataclass(frozen=True)
class Report:
    """A finished dataset: `about` it, where it is, how many windows it gives, the time it took.

    `windows` are (tracks, bars, windows at the usual hop). `unchanged` if it was there already.
    """

    about: About
    out: Path
    windows: tuple[tuple[str, int, int], ...]
    seconds: float
    unchanged: bool

    @property
    def files_per_s(self) -> float:
        """MIDI files looked at in a second."""
        return self.about.files / max(self.seconds, 1e-9)

    def table(self) -> Table:
        """What is in the dataset, and what was skipped and why."""
        about = self.about
        table = Table("", "count", title=str(self.out))
        table.columns[1].justify = "right"
        rows: list[tuple[str, int]] = [
            ("MIDI files", about.files),
            ("files used", about.files_used),
            ("songs", about.songs),
            ("pieces", about.pieces),
            ("columns stored", about.columns),
        ]
        rows += [(f"{what} windows of {bars} bars", count) for what, bars, count in self.windows]
        _section(table, rows)
        _section(table, [(f"songs for {name}", n) for name, n in about.splits.items()])
        _section(table, [(f"songs of {name}", n) for name, n in about.songs_of.items()])
        _section(table, [(f"bars in {meter}", n) for meter, n in about.bars.items()])
        _section(table, [(f"stretches with {what}", n) for what, n in about.cast.items()])
        _section(table, [(f"skipped: {why}", n) for why, n in about.skipped.items()])
        _section(table, [(f"left out: {what}", n) for what, n in about.left_out.items()])
        return table

    def line(self) -> str:
        """The outcome in one line."""
        if self.unchanged:
            return f"{self.out} is finished and made of these very files: nothing to do"
        speed = f"{self.seconds:.1f} s, {self.files_per_s:.0f} files a second"
        return f"{self.about.pieces} pieces of {self.about.songs} songs in {self.out} ({speed})"


def report_on(out: Path, about: About, seconds: float, unchanged: bool) -> Report:
    """The report on the dataset `out`, its windows counted."""
    dataset = Dataset.open(out)
    splits = [dataset.split(name) for name in SPLITS]
    windows = tuple(
        (what, bars, sum(split.count_windows(bars, HOP_BARS, tracks) for split in splits))
        for what, tracks in (("trio", TRIO), ("melody", (Track.MELODY,)))
        for bars in WINDOWS
    )
    return Report(about, out, windows, seconds, unchanged)


def _section(table: Table, rows: list[tuple[str, int]]) -> None:
    for what, count in rows:
        table.add_row(what, f"{count:,}")
    table.add_section()
