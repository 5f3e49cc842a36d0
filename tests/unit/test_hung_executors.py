"""An executor hangs at the gate, another one does the step, and the first goes on."""
import warnings

import pytest
from trove_upgrade.schemas import UpgradeError

from tests.unit.acting import acting_on
from tests.unit.test_trove_calls import FEW, Guests
from tests.unit.trove_model import OWNER, Lock, Record

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import member, wave


class Site(Guests):
    """What happens while somebody stands at the gate of the first member."""

    def __init__(self):
        super().__init__(FEW)
        self.record, self.meanwhile = Record(self.plan()), None
        self.calls.clear()

    def blockers(self, facts, unavailable):
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens(self)
        return []

    def do(self, action, **given):
        made = action(OWNER, **given)
        made.remember(self.record)
        return made.step(self.books.trove, Lock())

    def choose(self, waves=0):
        return self.do(wave.ChooseWave, progress={"waves": waves, "paused_at": -1, "baked": True})


def asked(site):
    """By another executor."""
    site.do(member.RequestUpgrade, member="m0")


def upgraded_and_the_next_chosen(site):
    asked(site)
    site.books.rows["m0"].status = "ACTIVE"
    site.choose(waves=1)


def put_back(site):
    """Chosen once more, to go back, as it was then."""
    """The run has failed, and the member is chosen once more, as it was then."""
    chosen = site.record.wave()
    asked(site)
    site.record.choose({**chosen, "back": True})


@pytest.fixture
def site(monkeypatch):
    made = Site()
    with acting_on(made):
        made.choose()
        monkeypatch.setattr(member, "FRESH_SEC", -1.0)      # it hangs for longer than any moment
        yield made


def test_who_was_asked_for_meanwhile_is_not_asked_for_again(site):
    site.meanwhile = asked
    assert site.do(member.RequestUpgrade, member="m0") == {"requested": False}
    assert site.calls["upgrade"] == 1


@pytest.mark.parametrize("meanwhile", [upgraded_and_the_next_chosen, put_back])
def test_where_the_run_has_gone_on_nobody_is_asked_for(site, meanwhile):
    site.meanwhile = meanwhile
    with pytest.raises(UpgradeError) as raised:
        site.do(member.RequestUpgrade, member="m0")
    assert raised.value.code == "not_chosen"
    assert site.calls["upgrade"] == 1


def test_where_only_the_gate_has_taken_its_time_it_is_asked_for(site):
    assert site.do(member.RequestUpgrade, member="m0") == {"requested": True}
    assert site.calls["upgrade"] == 1
