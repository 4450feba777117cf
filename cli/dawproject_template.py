"""A DAWproject (Bitwig Studio, Studio One, Cubase): tracks, tempo and metre, and no ports.

The format has no place for MIDI devices and clocks. Its schema is that of version 1.0:
https://github.com/bitwig/dawproject, which `benchmarks/dawproject_schema.py` checks this by.
"""

from io import BytesIO
from xml.etree.ElementTree import Element, SubElement, indent, tostring
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from schmubert.cli.daw_plan import Plan

VERSION = "1.0"
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of the files in the archive, so that the same plan makes the same bytes."""


def dawproject(plan: Plan, version: str) -> bytes:
    """The archive of `plan`, made by `version` of schmubert."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, root in (
            ("project.xml", _project(plan, version)),
            ("metadata.xml", _metadata(plan)),
        ):
            indent(root)
            text = tostring(root, "UTF-8", xml_declaration=True)
            archive.writestr(ZipInfo(name, EARLIEST), text, ZIP_DEFLATED)
    return packed.getvalue()


def _project(plan: Plan, version: str) -> Element:
    beats, unit = plan.signature
    project = Element("Project", version=VERSION)
    SubElement(project, "Application", name="schmubert", version=version)
    transport = SubElement(project, "Transport")
    tempo = {"id": "tempo", "name": "Tempo", "unit": "bpm", "value": f"{plan.tempo_bpm:.6f}"}
    SubElement(transport, "Tempo", tempo | {"min": "20.000000", "max": "666.000000"})
    meter = {"id": "meter", "numerator": str(beats), "denominator": str(unit)}
    SubElement(transport, "TimeSignature", meter)
    structure = SubElement(project, "Structure")
    for name in plan.tracks:
        track = _track(structure, name, "notes")
        _channel(track, name, "regular", destination="channel-Master")
    _channel(_track(structure, "Master", "audio notes"), "Master", "master")
    lanes = SubElement(SubElement(project, "Arrangement", id="arrangement"), "Lanes")
    lanes.attrib |= {"id": "lanes", "timeUnit": "beats"}
    for name in plan.tracks:
        lane = SubElement(lanes, "Lanes", id=f"lanes-{name}", track=f"track-{name}")
        SubElement(lane, "Clips", id=f"clips-{name}")
    return project


def _track(structure: Element, name: str, kinds: str) -> Element:
    track = SubElement(structure, "Track", id=f"track-{name}", name=name, contentType=kinds)
    track.set("loaded", "true")
    return track


def _channel(track: Element, name: str, role: str, **attributes: str) -> None:
    named = {"id": f"channel-{name}", "role": role, "audioChannels": "2", "solo": "false"}
    channel = SubElement(track, "Channel", named | attributes)
    SubElement(channel, "Mute", id=f"mute-{name}", name="Mute", value="false")
    pan = {"unit": "normalized", "value": "0.500000", "min": "0.000000", "max": "1.000000"}
    SubElement(channel, "Pan", pan | {"id": f"pan-{name}", "name": "Pan"})
    volume = {"unit": "linear", "value": "1.000000", "min": "0.000000", "max": "2.000000"}
    SubElement(channel, "Volume", volume | {"id": f"volume-{name}", "name": "Volume"})


def _metadata(plan: Plan) -> Element:
    metadata = Element("MetaData")
    SubElement(metadata, "Title").text = plan.name
    return metadata
