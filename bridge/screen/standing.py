"""How the band is turned, as a line: its section and variation, and the controls that matter most.

Only what is not as usual is named, so that an empty line is a band that plays as it likes.
"""

from schmubert.bridge.protocol.controls import FREE, ON
from schmubert.bridge.protocol.timeline import bar_and_beat
from schmubert.bridge.screen.scene import Scene
from schmubert.engine.music.style_names import CHOICES
from schmubert.engine.music.vocabulary import Track

NAMED = {
    "density": "{role} {value:g} onsets a bar",
    "level": "{role} at {value:.0%}",
    "octave": "{role} {value:+g} octaves",
    "intensity": "intensity {value:.1f}",
    "transpose": "transposed {value:+g}",
    "transpose-in": "you are heard {value:+g}",
}
USUAL = {
    "density": FREE,
    "level": 1.0,
    "intensity": 0.5,
    "octave": 0.0,
    "transpose": 0.0,
    "transpose-in": 0.0,
}
SWITCHES = {
    "mute": "{role} muted",
    "solo": "{role} alone",
    "lock": "bar locked",
    "follow": "intensity follows you",
    "start-on-chord": "starts on a chord",
}


def standing(scene: Scene, now: float) -> str:
    """What is not as usual at `now`; empty where all is."""
    return "   ".join([*_sections(scene, now), *_controls(scene)])


def _sections(scene: Scene, now: float) -> list[str]:
    found = []
    section, coming = scene.section(now), scene.coming_section(now)
    if section is not None and section.name:
        found.append(section.name)
    if coming is not None:
        bar, beat = bar_and_beat(coming.from_beat, scene.meter)
        place = f"bar {bar}" + (f", beat {beat}" if beat > 1 else "")
        found.append(f"{coming.name} from {place}")
    if scene.kept:
        now_played = scene.variation(now)
        letters = [
            f"[{name[-1].upper()}]" if name == now_played else name[-1].upper()
            for name in sorted(scene.kept)
        ]
        found.append("variations " + " ".join(letters))
    return found


def _controls(scene: Scene) -> list[str]:
    found = []
    for (name, number), value in sorted(scene.turned.items(), key=lambda one: str(one[0])):
        role = "" if number is None else Track(number).name.lower()
        if name in SWITCHES:
            words = SWITCHES[name] if value >= ON else ""
        elif name in NAMED and value != USUAL.get(name):
            words = NAMED[name]
        elif name == "style" and value:
            words = f"style {CHOICES[int(value)]}"
        else:
            words = ""
        if words:
            found.append(words.format(role=role, value=value))
    return found
