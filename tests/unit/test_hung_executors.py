"""An executor hangs, another one does the step, and the first goes on."""
import warnings
from types import SimpleNamespace

import pytest
from trove_upgrade.schemas import UpgradeError

from tests.unit.acting import acting_on
from tests.unit.test_trove_calls import FEW, Guests
from tests.unit.trove_model import OWNER, Lock, Record

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import member, wave


class Site(Guests):
    """What happens while an executor hangs: when it has read the record, or at the gate.

    :ivar clock: of the executors, in seconds.
    """

    def __init__(self):
        super().__init__(FEW)
        self.record, self.clock = Record(self.plan()), 0.0
        self.at_the_gate = None
        self.calls.clear()

    def hang(self, meanwhile):
        self.clock += member.FRESH_SEC + 1
        meanwhile(self)

    def blockers(self, facts, unavailable):
        meanwhile, self.at_the_gate = self.at_the_gate, None
        if meanwhile:
            self.hang(meanwhile)
        return []

    def do(self, action, when_it_has_read=None, **given):
        made = action(OWNER, **given)
        made.remember(self.record)
        if when_it_has_read:
            self.hang(when_it_has_read)
        return made.step(self.books.trove, Lock())

    def choose(self, waves=0):
        return self.do(wave.ChooseWave, progress={"waves": waves, "paused_at": -1, "baked": True})


def nothing(site):
    """But time has passed."""


def asked(site):
    """By another executor."""
    site.do(member.RequestUpgrade, member="m0")


def upgraded_and_the_next_chosen(site):
    asked(site)
    site.books.rows["m0"].status = "ACTIVE"
    site.choose(waves=1)


def put_back(site):
    """The run has failed, and the member was chosen once more, as it was then."""
    chosen = site.record.wave()
    asked(site)
    site.record.choose({**chosen, "back": True})
    site.books.rows["m0"].version, site.books.rows["m0"].status = "8.1.8", "ACTIVE"


@pytest.fixture
def site(monkeypatch):
    made = Site()
    with acting_on(made):
        made.choose()
        made.calls.clear()
        monkeypatch.setattr(member, "time", SimpleNamespace(monotonic=lambda: made.clock))
        yield made


def test_who_was_asked_for_meanwhile_is_not_asked_for_again(site):
    site.at_the_gate = asked
    assert site.do(member.RequestUpgrade, member="m0") == {"requested": False}
    assert site.calls["upgrade"] == 1


@pytest.mark.parametrize("meanwhile", [upgraded_and_the_next_chosen, put_back])
def test_where_the_run_has_gone_on_nobody_is_asked_for(site, meanwhile):
    site.at_the_gate = meanwhile
    with pytest.raises(UpgradeError) as raised:
        site.do(member.RequestUpgrade, member="m0")
    assert raised.value.code == "not_chosen"
    assert site.calls["upgrade"] == 1


def test_what_was_read_before_it_hung_counts_no_more(site):
    """Trove's record is as it was, so it alone does not tell."""
    with pytest.raises(UpgradeError) as raised:
        site.do(member.RequestUpgrade, when_it_has_read=put_back, member="m0")
    assert raised.value.code == "not_chosen"
    assert site.calls["upgrade"] == 1


def test_where_only_the_gate_has_taken_its_time_it_is_asked_for(site):
    site.at_the_gate = nothing
    assert site.do(member.RequestUpgrade, member="m0") == {"requested": True}
    assert site.calls == {"get": 2, "upgrade": 1}


def test_who_does_not_hang_looks_once(site):
    assert site.do(member.RequestUpgrade, member="m0") == {"requested": True}
    assert site.calls == {"get": 1, "upgrade": 1}
