"""A band that a page is shown of."""

from schmubert.bridge.page.programme import Programme
from schmubert.bridge.protocol.place import Place
from schmubert.bridge.protocol.roles import input_part, output_part, rig
from schmubert.bridge.protocol.settings import Settings
from schmubert.bridge.protocol.surface import binding

RIG = rig(
    [input_part("DAW")],
    [output_part("Bass"), output_part("Drums"), output_part("Keys")],
    None,
    bindings=[binding("density:bass", "cc:21"), binding("mode:trade", "note:36:1")],
)
SETTINGS = Settings(hears=(0,), plays=tuple(sorted(RIG.played)), chords="Am F C G")
PROGRAMME = Programme(SETTINGS, RIG, "127.0.0.1", 0)
NOWHERE = Place("127.0.0.1", 0)
