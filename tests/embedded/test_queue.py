"""More upgrades than may go at once, on the real engine: who waits holds nothing, and says its
place; then it goes by itself."""
import os
import time

import pytest
from trove_upgrade.embedded import EmbeddedEngine
from trove_upgrade.interfaces.progress import seconds
from trove_upgrade.interfaces.session import engine_client
from trove_upgrade.interfaces.upgrades import Upgrades

from benchmarks import instant
from tests.waits import until

ONE = {"OS_TROVE_UPGRADE__UPGRADES_AT_ONCE": "1"}
LOCK, RECORD, TICKET = (f"trove_upgrade.{one}." for one in ("lock", "run", "queue"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """(upgrades, start, notes) of an engine on which one upgrade goes at once."""
    directory = tmp_path_factory.mktemp("queue")
    with instant.double() as trove:
        env = {**os.environ, **ONE, **trove.env(), **instant.install(directory / "site")}
        with EmbeddedEngine(directory / "engine", env=env) as engine:
            client = engine_client(engine.url, engine.token)
            upgrades = Upgrades(client)

            def start(members=1, **inputs):
                return upgrades.start({"cluster_id": trove.create_cluster(members),
                                       "datastore_version": instant.NEW, "canary": False,
                                       "bake_sec": 0, **inputs})

            def notes(kind):
                return {one.name.removeprefix(kind) for one in client.environments.list()
                        if one.name.startswith(kind)}
            yield upgrades, start, notes


def waits_at(upgrades, run, place):
    """Its Progress when it waits at that place."""
    def look():
        found = upgrades.progress(run)
        return found.place and found.place[0] == place and found
    return until(look, f"place {place}")


def after(upgrades, run):
    """Wait until who is created now comes later, by Mistral's clock of whole seconds."""
    created = seconds(upgrades.get(run)["created_at"])
    until(lambda: time.time() >= created + 1, "the next second")


def end(upgrades, run):
    return until(lambda: (look := upgrades.progress(run)).ended and look, "the end")


def test_who_waits_holds_nothing_says_its_place_and_goes_when_its_turn_has_come(site):
    upgrades, start, notes = site
    first = start(bake_sec=15)
    until(lambda: notes(RECORD), "the first one's record")
    second = start()
    assert waits_at(upgrades, second, 1).phase == "queued"
    after(upgrades, second)
    third = start()
    look = waits_at(upgrades, third, 2)
    assert look.standing == "queued, place 2 of 2"
    assert upgrades.plan({"cluster_id": look.cluster, "datastore_version": instant.NEW}).plan
    assert (len(notes(LOCK)), notes(RECORD)) == (1, {first})
    assert notes(TICKET) == {first, second, third}
    upgrades.abort(second)
    assert upgrades.progress(second).state == "CANCELLED"
    assert end(upgrades, first).result["status"] == "upgraded"
    assert end(upgrades, third).result["status"] == "upgraded"
    until(lambda: not notes(TICKET), "no tickets")


def test_a_paused_one_takes_no_turn_and_goes_on_when_it_is_resumed(site):
    upgrades, start, notes = site
    first = start(members=2, pause_after="all")
    until(lambda: upgrades.progress(first).state == "PAUSED", "a pause")
    second = start()
    assert end(upgrades, second).result["status"] == "upgraded"
    upgrades.resume(first)
    assert end(upgrades, first).result["status"] == "upgraded"
