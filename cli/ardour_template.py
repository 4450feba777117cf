"""A session of Ardour 7 and later: tracks that are wired to the bridge's JACK ports, and its clock.

Only what Ardour does not make up by itself is written; all else is as in a new session of Ardour.
"""

from collections.abc import Iterator
from itertools import count
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from schmubert.cli.daw_plan import CLIENT, HEARS, YOU, Plan

VERSION = "7002"
"""Of Ardour's format, as 7.3 writes it; later ones read it."""
RATE = "48000"
SUPERCLOCKS = "282240000"  # Ardour's ticks a second
CLOCK_OUT = "MIDI Clock out"
SPEAKERS = ("system:playback_1", "system:playback_2")
INPUT = "MonitorInput"


def ardour_session(plan: Plan) -> bytes:
    """The session file of `plan`."""
    ids = map(str, count(100))
    session = Element("Session", version=VERSION, name=plan.name)
    session.set("sample-rate", RATE)
    program = SubElement(session, "ProgramVersion")
    program.set("created-with", CLIENT)
    program.set("modified-with", CLIENT)
    _port(SubElement(session, "MIDIPorts"), CLOCK_OUT, [_jack(HEARS)], direction="output")
    config = SubElement(session, "Config")  # without it Ardour finds no sample rate
    SubElement(config, "Option", name="native-file-data-format", value="FormatFloat")
    for empty in ("Metadata", "Sources", "Regions", "Locations", "Bundles"):
        SubElement(session, empty)
    routes, playlists = SubElement(session, "Routes"), SubElement(session, "Playlists")
    _master(routes, ids)
    for order, track in enumerate(plan.tracks, 1):
        route, playlist = next(ids), next(ids)
        _track(routes, track, order, route, playlist, ids)
        kept = SubElement(playlists, "Playlist", id=playlist, name=track, type="midi")
        kept.set("orig-track-id", route)
    SubElement(session, "RouteGroups")
    click = SubElement(SubElement(session, "Click"), "IO", name="Click", direction="Output")
    click.set("default-type", "audio")
    _tempo(SubElement(session, "TempoMap"), plan)
    session.set("id-counter", next(ids))
    session.set("name-counter", "1")
    indent(session)
    return bytes(tostring(session, "UTF-8", xml_declaration=True)) + b"\n"


def _jack(port: str) -> str:
    """The bridge's `port` as JACK knows it."""
    return f"{CLIENT} {port}:{port}"


def _port(parent: Element, name: str, connections: list[str], **attributes: str) -> None:
    port = SubElement(parent, "Port", {**attributes, "name": name})
    for other in connections:
        SubElement(port, "Connection", other=other)


def _route(routes: Element, name: str, ident: str, kind: str, flags: str, order: int) -> Element:
    route = SubElement(routes, "Route", version=VERSION, id=ident, name=name, active="1")
    route.set("default-type", kind)
    info = SubElement(route, "PresentationInfo", order=str(order), flags=f"{flags},OrderSet")
    info.set("color", "0")
    return route


def _io(route: Element, direction: str, kind: str, ports: dict[str, list[str]]) -> None:
    name = str(route.get("name"))
    io = SubElement(route, "IO", name=name, direction=direction)
    io.set("default-type", kind)
    way = "in" if direction == "Input" else "out"
    for number, others in ports.items():
        _port(io, f"{name}/{kind}_{way} {number}", others, type=kind)


def _processors(route: Element, ids: Iterator[str], *kinds: str) -> None:
    for kind in (*kinds, "amp", "meter", "main-outs"):
        name = "Amp" if kind == "amp" else f"{kind} {route.get('name')}"
        one = SubElement(route, "Processor", id=next(ids), name=name, active="1", type=kind)
        if kind == "amp":
            SubElement(one, "Controllable", name="gaincontrol", flags="GainLike", value="1")
        elif kind == "main-outs":
            one.attrib |= {"own-input": "1", "own-output": "0", "role": "Main"}
            one.set("output", str(route.get("name")))


def _master(routes: Element, ids: Iterator[str]) -> None:
    master = _route(routes, "Master", next(ids), "audio", "MasterOut", 0)
    _io(master, "Input", "audio", {"1": [], "2": []})
    _io(master, "Output", "audio", {"1": [SPEAKERS[0]], "2": [SPEAKERS[1]]})
    _processors(master, ids)


def _track(
    routes: Element, name: str, order: int, ident: str, playlist: str, ids: Iterator[str]
) -> None:
    """A track that hears its port of the bridge or, as yours, sends to it; it is armed."""
    route = _route(routes, name, ident, "midi", "MidiTrack", order)
    route.set("midi-playlist", playlist)
    _io(route, "Input", "midi", {"1": [] if name == YOU else [_jack(name)]})
    _io(route, "Output", "midi", {"1": [_jack(HEARS)] if name == YOU else []})
    _processors(route, ids, "diskwriter", "diskreader")
    SubElement(route, "Controllable", name="monitor", value="1", monitoring=INPUT)
    SubElement(route, "Controllable", name="rec-enable", value="1")


def _tempo(tempo_map: Element, plan: Plan) -> None:
    tempo_map.set("superclocks-per-second", SUPERCLOCKS)
    beats, unit = plan.signature
    start = {"sclock": "0", "quarters": "0:0", "bbt": "1|1|0"}
    bpm = f"{plan.tempo_bpm:.12g}"
    tempo = {"npm": bpm, "enpm": bpm, "note-type": "4", "type": "Tempo::Constant", "active": "1"}
    tempo |= {"locked-to-meter": "0", "continuing": "0", "omega": "0"}
    meter = {"note-value": str(unit), "divisions-per-bar": str(beats)}
    SubElement(SubElement(tempo_map, "Tempos"), "Tempo", tempo | start)
    SubElement(SubElement(tempo_map, "Meters"), "Meter", meter | start)
    SubElement(tempo_map, "MusicTimes")
