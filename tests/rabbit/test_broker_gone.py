"""A broker that is unavailable neither slows nor fails an upgrade, and is used again when it is
back."""
import pytest

from tests.rabbit.broker import Broker
from tests.rabbit.conftest import Receiver, require_server
from tests.rabbit.test_notifications import SETTINGS, WIDE, kinds

BACK_SEC = 90       # oslo.messaging asks ever more seldom


@pytest.fixture
def own_broker(tmp_path):
    """A broker that only this test has."""
    require_server()
    with Broker(tmp_path) as running:
        yield running


def lasted(run):
    """Seconds from Mistral's first to its last word on a run."""
    found = run.site.mistral.executions.get(run.id)
    first, last = (found.created_at, found.updated_at)
    return (_seconds(last) - _seconds(first)) % 86400


def _seconds(text):
    hours, minutes, seconds = text.split(" ")[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def test_upgrades_go_on_while_the_broker_is_away(own_broker, make_site):
    with make_site(SETTINGS.format(url=own_broker.url)) as site, \
            site.cluster() as first, site.cluster() as second:
        with Receiver(own_broker.url) as receiver:
            told = site.begin(first, **WIDE)
            assert told.end().result["status"] == "upgraded"
            receiver.until(told, "end")
        own_broker.stop()
        alone = site.begin(second, **WIDE)
        assert alone.end().result["status"] == "upgraded"
        print(f"with the broker {lasted(told)} s, without {lasted(alone)} s")
        assert lasted(alone) < lasted(told) + 15
        own_broker.start()
        with Receiver(own_broker.url) as receiver:
            assert "end" in kinds(receiver.until(alone, "end", BACK_SEC))
            again = site.begin(first, **WIDE)
            assert again.end().result["status"] == "nothing_to_do"
            assert kinds(receiver.until(again, "end"))[-1] == "end"
