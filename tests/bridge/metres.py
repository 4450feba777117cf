"""The metres that a stage is tried in, as a player says them."""

from schmubert.bridge.protocol.meters import meter_named

SAID = (
    ("3/4", "straight"),
    ("5/4", "straight"),
    ("7/4", "straight"),
    ("6/8", "straight"),
    ("12/8", "straight"),
    ("4/4", "triplet"),
)
METERS = tuple(meter_named(*words) for words in SAID)
