"""Things numbered as they come."""

from schmubert.training.data.on_disk import Table


class Numbers:
    """Keys, each with a number from 0 on in the order in which they came; they lie on disk."""

    def __init__(self) -> None:
        self._table = Table("key", "number INTEGER")
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of(self, key: bytes) -> tuple[int, bool]:
        """The number of `key`, and whether it came for the first time.

        NotWrittenError where the temporary file finds no room.
        """
        found = self._table.execute("SELECT number FROM rows WHERE key = ?", (key,)).fetchone()
        if found is not None:
            return int(found[0]), False
        number = self._count
        self._table.execute("INSERT INTO rows VALUES (?, ?)", (key, number))
        self._count += 1
        return number, True

    def close(self) -> None:
        """Let the temporary file go."""
        self._table.close()
