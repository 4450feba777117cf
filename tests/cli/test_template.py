"""`schmubert template`: sessions that parsers of others read, wired to the ports of the bridge."""

import re
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZipFile

import pytest
import rpp
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from schmubert.bridge.choices.parameters import said
from schmubert.bridge.choices.piece import plugged_in, settings_of
from schmubert.bridge.command import bridge_command
from schmubert.bridge.options import Stage
from schmubert.bridge.owner.port_names import CLIENT
from schmubert.cli.ardour_template import ardour_session
from schmubert.cli.daw_plan import HEARS, PORTS, YOU, Plan
from schmubert.cli.dawproject_template import dawproject
from schmubert.cli.main import main
from schmubert.cli.reaper_template import reaper_project
from schmubert.cli.template import DAWS
from schmubert.engine.music.vocabulary import Track

BAND = ("Bass", "Drums", "Keys")
PLANS = st.builds(
    Plan,
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12),
    st.floats(20.0, 400.0),
    st.sampled_from([(2, 4), (3, 4), (4, 4), (7, 4), (6, 8), (21, 8)]),
    st.sets(st.sampled_from([*PORTS]), min_size=1).map(lambda roles: tuple(sorted(roles))),
)


def template(*words: object) -> Result:
    return CliRunner().invoke(main, ["template", *map(str, words)])


def connections(session: Element) -> dict[str, list[str]]:
    """What each port of a session of Ardour is connected to."""
    return {
        str(port.get("name")): [str(other.get("other")) for other in port.findall("Connection")]
        for port in session.iter("Port")
    }


@pytest.mark.parametrize("daw", DAWS)
def test_it_writes_a_session_and_a_preset_that_the_bridge_takes(daw: str, tmp_path: Path) -> None:
    made = template(daw, "--out", tmp_path / "My Gig", "--meter", "6/8", "--tempo", 97.5)
    assert made.exit_code == 0, made.output
    there = sorted(path.name for path in (tmp_path / "My Gig").iterdir())
    ending = {"reaper": "rpp"}.get(daw, daw)
    assert there == [f"My Gig.{ending}", "schmubert.toml"]
    (line,) = [line for line in made.output.splitlines() if "--preset" in line]
    preset = str(tmp_path / "My Gig/schmubert.toml")
    assert line.split(maxsplit=2) == ["schmubert-bridge", "--preset", f"'{preset}'"]
    values = bridge_command.make_context("schmubert-bridge", ["--preset", preset]).params
    stage = Stage(**said(Stage, values))
    rig = plugged_in(stage)
    assert (rig.inputs, rig.outputs) == ((HEARS,), BAND)
    assert [role for _, role, _ in rig.plays] == [Track.BASS, Track.DRUMS, Track.CHORDS]
    assert settings_of(rig, values).signature == "6/8"
    assert stage.api == ("jack" if daw == "ardour" else "auto")


@pytest.mark.parametrize("daw", DAWS)
def test_what_is_there_stays_unless_that_is_said(daw: str, tmp_path: Path) -> None:
    out = tmp_path / "gig"
    (out / "takes").mkdir(parents=True)
    (out / "takes/bass.mid").write_text("a take")
    refused = template(daw, "--out", out)
    assert refused.exit_code == 1
    assert refused.output.splitlines()[-1].endswith(
        "is there already: give another --out, or --force"
    )
    assert [*out.iterdir()] == [out / "takes"]
    assert template(daw, "--out", out, "--force").exit_code == 0
    assert (out / "takes/bass.mid").read_text() == "a take"
    (tmp_path / "file").touch()
    assert template(daw, "--out", tmp_path / "file", "--force").exit_code == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("logic",), "is not one of"),
        (("reaper", "--meter", "1/4"), "is no metre"),
        (("reaper", "--tempo", "5"), "is not in the range"),
        (("reaper", "--tracks", "tuba"), "names of tracks"),
        (("reaper", "--out", "/dev/null/x"), "/dev/null is a file, not a folder"),
        (("reaper", "--out", "bell\a"), "is no name for a session"),
    ],
)
def test_what_cannot_be_is_a_line(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    where = [] if "--out" in words else ["--out", tmp_path / "gig"]
    made = template(*words, *where)
    assert made.exit_code
    assert says in made.output.splitlines()[-1]
    assert not (tmp_path / "gig").exists()


@given(plan=PLANS)
def test_ardours_session_is_wired_to_the_ports_of_the_bridge(plan: Plan) -> None:
    session = fromstring(ardour_session(plan))
    assert session.get("name") == plan.name
    wires = connections(session)
    jack = {name: f"{CLIENT}{name}:{name}" for name in (HEARS, *plan.ports)}
    assert wires["MIDI Clock out"] == wires[f"{YOU}/midi_out 1"] == [jack[HEARS]]
    for port in plan.ports:
        assert wires[f"{port}/midi_in 1"] == [jack[port]]
    tracks = [route for route in session.iter("Route") if route.get("default-type") == "midi"]
    assert [track.get("name") for track in tracks] == [*plan.tracks]
    playlists = {one.get("id"): one.get("orig-track-id") for one in session.iter("Playlist")}
    assert [playlists[track.get("midi-playlist")] for track in tracks] == [
        track.get("id") for track in tracks
    ]
    ids = [one.get("id") for one in session.iter() if one.get("id") is not None]
    assert len(set(ids)) == len(ids)
    assert int(str(session.get("id-counter"))) > max(int(str(one)) for one in ids)
    (tempo,), (meter,) = session.iter("Tempo"), session.iter("Meter")
    assert float(str(tempo.get("npm"))) == pytest.approx(plan.tempo_bpm)
    assert (meter.get("divisions-per-bar"), meter.get("note-value")) == tuple(
        map(str, plan.signature)
    )


@given(plan=PLANS)
def test_reapers_project_is_read_by_a_library_of_others(plan: Plan) -> None:
    project = rpp.loads(reaper_project(plan))
    assert project.tag == "REAPER_PROJECT"
    bpm, *signature = project.find("TEMPO")[1:]
    assert float(bpm) == pytest.approx(plan.tempo_bpm)
    assert tuple(map(int, signature)) == plan.signature
    tracks = project.findall("TRACK")
    assert [track.find("NAME")[1] for track in tracks] == [*plan.tracks]
    assert [track.find("REC")[1] for track in tracks] == ["1"] * len(tracks)
    idents = [track.find("TRACKID")[1] for track in tracks]
    assert len(set(idents)) == len(idents)
    notes = reaper_project(plan)
    assert all(re.search(rf"\|Track {name}: input", notes) for name in plan.tracks)


@given(plan=PLANS)
def test_a_dawproject_has_the_tracks_and_every_reference_leads_somewhere(plan: Plan) -> None:
    """That it is valid by the schema of the format `benchmarks/dawproject_schema.py` checks."""
    data = dawproject(plan, "1.2.3")
    assert data == dawproject(plan, "1.2.3")
    with ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        project = fromstring(archive.read("project.xml"))
        assert fromstring(archive.read("metadata.xml")).findtext("Title") == plan.name
    names = [str(track.get("name")) for track in project.iter("Track")]
    assert names == [*plan.tracks, "Master"]
    ids = [one.get("id") for one in project.iter() if one.get("id") is not None]
    assert len(set(ids)) == len(ids)
    targets = {one.get(way) for one in project.iter() for way in ("track", "destination")}
    assert targets - {None} <= set(ids)
    tempo, meter = project.find("Transport/Tempo"), project.find("Transport/TimeSignature")
    assert tempo is not None
    assert meter is not None
    assert float(str(tempo.get("value"))) == pytest.approx(plan.tempo_bpm, abs=1e-6)
    assert (meter.get("numerator"), meter.get("denominator")) == tuple(map(str, plan.signature))
