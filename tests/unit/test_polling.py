"""How long a poll lasts, and what a turn that takes its time does to it."""
import pytest
from trove_upgrade.datastores import polling


@pytest.fixture
def clock(monkeypatch):
    """A time of its own; what it slept."""
    class Clock:
        now, slept = 100.0, []

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            self.slept = [*self.slept, seconds]
            self.now += seconds

    made = Clock()
    monkeypatch.setattr(polling, "time", made)
    return made


@pytest.mark.parametrize(("timeout", "turn", "turns"), [
    (10, 0, 7),         # at 0, 2 ... 12: the one at 10 is not over later than 10
    (9.9, 0, 6),        # at 0, 2 ... 10
    (10, 3, 3),         # at 0, 5, 10: the second one is over at 8
    (10, 30, 1),        # a turn may outlast the poll
    (0, 0.1, 1)])
def test_a_poll_ends_with_the_first_turn_that_is_over_after_its_time(clock, timeout, turn, turns):
    taken = 0
    for _ in polling.polls(timeout, 2):
        taken += 1
        clock.now += turn
        assert taken < 9
    assert taken == turns
    assert clock.slept == [2] * (turns - 1), "no pause after the last turn"


def test_who_leaves_the_loop_waits_no_more(clock):
    for _ in polling.polls(10, 2):
        break
    assert clock.slept == []
