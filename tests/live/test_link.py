"""A real Ableton Link session between two processes of this computer."""

import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.live
pytest.importorskip("link", reason="pip install LinkPython-extern")

PEER = """
import sys, time, link
peer = link.Link(133.0)
peer.startStopSyncEnabled = True
peer.enabled = True
print(flush=True)
sys.stdin.readline()
state, now = peer.captureSessionState(), peer.clock().micros()
state.setTempo(97.0, now)
state.setIsPlaying(True, now)
peer.commitSessionState(state)
sys.stdin.readline()
now = time.monotonic()
print(peer.captureSessionState().phaseAtTime(peer.clock().micros(), 4.0), now, flush=True)
sys.stdin.readline()
"""


def test_the_tempo_the_start_and_the_bar_of_another_peer_are_followed() -> None:
    from schmubert.bridge.clock.link_clock import LinkClock
    from schmubert.bridge.clock.link_session import JoinedSession

    session = JoinedSession(120.0)
    clock = LinkClock(session)
    with subprocess.Popen(
        [sys.executable, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as peer:
        assert peer.stdin is not None
        assert peer.stdout is not None
        try:
            peer.stdout.readline()
            time.sleep(1.0)  # peers find each other
            peer.stdin.write("\n")
            peer.stdin.flush()
            until_s = time.monotonic() + 3.0
            while time.monotonic() < until_s:
                clock.tick(time.monotonic(), idle=True)
                if clock.transport.timeline.tempo_bpm == pytest.approx(97.0, abs=0.01):
                    break
                time.sleep(0.005)
            else:
                pytest.skip("no multicast between processes here")
            time.sleep(0.5)
            clock.tick(time.monotonic(), idle=True)
            assert clock.transport.rolling
            peer.stdin.write("\n")
            peer.stdin.flush()
            phase, at_s = map(float, peer.stdout.readline().split())
            clock.tick(time.monotonic(), idle=True)
            off = (clock.transport.timeline.beats(at_s) - phase + 2.0) % 4.0 - 2.0
            assert abs(off) * 60.0 / 97.0 < 0.010
        finally:
            peer.kill()
