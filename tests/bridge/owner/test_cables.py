"""Cables that others made to ports of the bridge come back, unless a player pulled them."""

from schmubert.bridge.owner.cables import Cable, Cables

KEYS, BASS, DAW, SYNTH = "bridge:Keys", "bridge:Bass", "daw:Out", "synth:In"
OWN = {KEYS: (True, 0), BASS: (False, 0)}
HEARD, PLAYED = (DAW, KEYS), (BASS, SYNTH)


class Studio:
    """A MIDI system: what is there, what is connected, and how it takes a wish to connect."""

    gone = False

    def __init__(self) -> None:
        self.ports = {KEYS, BASS, DAW, SYNTH}
        self.cables: set[Cable] = {HEARD, PLAYED}
        self.refuses = self.forgets = False

    def renew(self) -> None:
        pass

    def connections(self, port: str) -> list[str]:
        return [a if b == port else b for a, b in self.cables if port in (a, b)]

    def there(self, port: str) -> bool:
        return port in self.ports

    def connect(self, source: str, target: str) -> bool:
        if self.refuses or not {source, target} <= self.ports:
            return False
        if not self.forgets:
            self.cables.add((source, target))
        return True

    def close(self) -> None:
        pass


def test_cables_of_a_program_that_comes_back_are_made_again() -> None:
    studio, cables = Studio(), Cables()
    assert cables.look(studio, OWN) == []
    studio.ports -= {SYNTH}
    studio.cables -= {PLAYED}
    assert cables.look(studio, OWN) == []
    studio.ports |= {SYNTH}
    assert cables.look(studio, OWN) == [0]
    assert studio.cables == {HEARD, PLAYED}
    assert cables.look(studio, OWN) == []


def test_a_cable_that_was_pulled_stays_out() -> None:
    studio, cables = Studio(), Cables()
    cables.look(studio, OWN)
    studio.cables -= {PLAYED}
    for _ in range(3):
        cables.look(studio, OWN)
    assert studio.cables == {HEARD}
    cables.lose()
    studio.cables.clear()
    cables.look(studio, OWN)
    assert studio.cables == {HEARD}


def test_cables_that_go_a_moment_before_their_ends_were_not_pulled() -> None:
    for system_ends in (False, True):
        studio, cables = Studio(), Cables()
        cables.look(studio, OWN)
        studio.cables.clear()
        cables.look(studio, OWN)
        if system_ends:
            cables.lose()
        else:
            studio.ports -= {DAW, SYNTH}
            cables.look(studio, OWN)
            studio.ports |= {DAW, SYNTH}
        cables.look(studio, OWN)
        assert studio.cables == {HEARD, PLAYED}


def test_what_a_busy_system_refuses_or_forgets_is_connected_later() -> None:
    for trouble in ("refuses", "forgets"):
        studio, cables = Studio(), Cables()
        cables.look(studio, OWN)
        cables.lose()
        studio.cables.clear()
        setattr(studio, trouble, True)
        told = cables.look(studio, OWN) + cables.look(studio, OWN)
        setattr(studio, trouble, False)
        told += cables.look(studio, OWN)
        assert told == [0], "it is told once"
        assert studio.cables == {HEARD, PLAYED}
