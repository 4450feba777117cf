"""OSC is tested where what [osc] installs is there."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("pythonosc") else ["test_packets.py", "test_serving.py"]
