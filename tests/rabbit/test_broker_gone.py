"""A broker that is unavailable holds no upgrade up, and is used again when it is back."""
import pytest
from trove_upgrade.lab.mistral.broker import Broker

from tests.rabbit.conftest import Receiver, require_server
from tests.rabbit.test_notifications import SETTINGS, WIDE, kinds

XDIST_GROUP = "broker gone"


@pytest.fixture
def own_broker(tmp_path):
    """A broker that only this test has."""
    require_server()
    with Broker(tmp_path) as running:
        yield running


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
        own_broker.start()          # so all of it was done without one
        with Receiver(own_broker.url) as receiver:
            assert "end" in kinds(receiver.until(alone, "end"))
            again = site.begin(first, **WIDE)
            assert again.end().result["status"] == "nothing_to_do"
            assert kinds(receiver.until(again, "end"))[-1] == "end"
