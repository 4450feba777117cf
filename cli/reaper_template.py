"""A project of REAPER: tracks, tempo and metre. Its MIDI devices are numbers of each computer."""

from schmubert.cli.daw_plan import HEARS, YOU, Plan, channel_of

VERSION = "6.80"
ARMED, MONITORED, RECORDS_INPUT = 1, 1, 0
MIDI_INPUT, ANY_CHANNEL, VIRTUAL_KEYBOARD = 4096, 0, 62
"""A track's input is this, plus the number of the device times 32, plus the channel."""
NO_DEVICE = -1


def reaper_project(plan: Plan) -> str:
    """The project file of `plan`."""
    beats, unit = plan.signature
    lines = [
        f'<REAPER_PROJECT 0.1 "{VERSION}" 0',
        "  <NOTES 0 2",
        *(f"    |{line}" for line in by_hand(plan)),
        "  >",
        f"  TEMPO {plan.tempo_bpm:.12g} {beats} {unit}",
    ]
    for name in plan.tracks:
        lines += _track(plan, name)
    return "\n".join([*lines, ">", ""])


def by_hand(plan: Plan) -> list[str]:
    """What is left to the player, a line each."""
    bands = ", ".join(plan.ports)
    return [
        "Start the bridge before REAPER; then, in Preferences, MIDI Devices (or MIDI Inputs and"
        f" MIDI Outputs): enable the inputs {bands} (not for control), and the output {HEARS} with"
        " 'Send clock/SPP to this device'.",
        f"Track {YOU}: input your keyboard; in its routing, MIDI Hardware Output: {HEARS}.",
        *(
            f"Track {port}: input {port}, channel {channel_of(role)}; add an instrument."
            for role, port in zip(plan.roles, plan.ports, strict=True)
        ),
    ]


def _track(plan: Plan, name: str) -> list[str]:
    """A track that is armed and monitored; yours hears the virtual keyboard until you choose."""
    ident = f"{{{str(plan.ident(name)).upper()}}}"
    device = MIDI_INPUT + 32 * VIRTUAL_KEYBOARD + ANY_CHANNEL if name == YOU else NO_DEVICE
    return [
        f"  <TRACK {ident}",
        f'    NAME "{name}"',
        f"    REC {ARMED} {device} {MONITORED} {RECORDS_INPUT} 0 0 0 0",
        "    NCHAN 2",
        f"    TRACKID {ident}",
        f"    MIDIOUT {NO_DEVICE}",
        "    MAINSEND 1 0",
        "  >",
    ]
