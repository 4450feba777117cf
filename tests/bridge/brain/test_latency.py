import pytest

from schmubert.bridge.brain.latency import LEAST_LEAD_S, MOST_LEAD_S, PIPE_S, Latency


def test_before_anything_came_it_goes_by_what_the_engine_says() -> None:
    latency = Latency()
    latency.expect(0.040)
    assert latency.first_s == 0.040
    assert latency.lead_s == pytest.approx(0.040 + PIPE_S)


@pytest.mark.parametrize(
    ("took_s", "lead_s"), [(0.001, LEAST_LEAD_S), (0.05, 0.05), (2.0, MOST_LEAD_S)]
)
def test_a_beat_is_committed_one_reply_before_it_sounds(took_s: float, lead_s: float) -> None:
    latency = Latency()
    for _ in range(100):
        latency.first(took_s)
    assert latency.lead_s == pytest.approx(lead_s + PIPE_S)
    assert latency.first_s == took_s


def test_one_slow_answer_makes_no_request_early_but_commits_do_not_trust_it() -> None:
    latency = Latency()
    for _ in range(30):
        latency.first(0.02)
    latency.first(0.1)
    assert latency.first_s == 0.02
    assert latency.lead_s == pytest.approx(0.1 + PIPE_S)
    for _ in range(60):
        latency.first(0.02)
    assert latency.lead_s == pytest.approx(0.02 + PIPE_S)


def test_another_engine_is_measured_anew() -> None:
    latency = Latency()
    latency.first(0.5)
    latency.last(0.9)
    assert latency.full_s == 0.9
    latency.expect(0.03)
    assert latency.first_s == 0.03
    assert latency.full_s == pytest.approx(0.09)
