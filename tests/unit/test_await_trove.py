"""The last step before an upgrade is finalised: it awaits Trove's record and heeds the operator."""
import warnings
from types import SimpleNamespace

import pytest
from trove_upgrade.schemas import UpgradeError

from tests.unit.trove_model import OWNER, Books, Lock, Record, Row

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.actions import completion
    from trove_upgrade.actions.completion import AwaitTrove

JOB = {"owner": OWNER, "cluster_id": "c1", "kind": "cluster", "members": [], "try_sec": 0}
VERSIONS = [{"id": "id-1", "name": "9.1.2", "number": "9.1.2"}]


def wait_for(statuses, abort=False, pause_after=None, **heeded):
    rows = [Row(f"m{number}", f"orders-{number}", "9.1.2", f"10.0.0.{number + 1}", number, status)
            for number, status in enumerate(statuses)]
    books = Books(SimpleNamespace(tick=lambda: None), "redis", VERSIONS, rows, "orders")
    lock = Lock()
    lock.abort, lock.pause_after = abort, pause_after
    action = AwaitTrove(OWNER, **heeded)
    action.remember(Record({"job": JOB}))
    return action.step(books.trove, lock)


@pytest.mark.parametrize(("asked", "heeded", "hold"), [
    (None, True, False), ("first", True, False), ("all", True, True), ("all", False, False)])
def test_where_trove_agrees_a_pause_holds_once(asked, heeded, hold):
    assert wait_for(["ACTIVE"] * 2, pause_after=asked, heed_pause=heeded) == {"hold": hold}


@pytest.mark.parametrize("statuses", [["ACTIVE", "ERROR"], ["ACTIVE", "UPGRADE"]])
def test_a_pause_holds_whether_trove_agrees_or_not(statuses):
    """Else the run would go on to finalise, which no disagreement of Trove's keeps it from."""
    assert wait_for(statuses, pause_after="all") == {"hold": True}
    with pytest.raises(UpgradeError, match="Trove calls orders-1") as disagreed:
        wait_for(statuses, pause_after="all", heed_pause=False)
    assert disagreed.value.code == "trove_disagrees"


def test_an_abort_is_heeded_before_anything_is_finalised_but_not_when_members_are_back():
    with pytest.raises(UpgradeError) as aborted:
        wait_for(["ACTIVE"], abort=True, pause_after="all")
    assert aborted.value.code == "aborted"
    assert wait_for(["ACTIVE"], abort=True, heed_abort=False) == {"hold": False}


@pytest.mark.parametrize("deleted", [False, True])
def test_the_whole_cluster_is_asked_once_and_again_only_when_a_member_is_gone(
        monkeypatch, deleted):
    """Trove loads each member twice to show a cluster."""
    monkeypatch.setattr(completion, "TROVE_POLL_SEC", 0)
    rows = [Row(f"m{number}", f"orders-{number}", "9.1.2", f"10.0.0.{number + 1}", number, status)
            for number, status in enumerate(["ERROR", "UPGRADE", "UPGRADE", "ACTIVE"])]
    asked = []

    def tick():
        asked.append("call")
        if len(asked) == 7:
            for row in rows:
                row.status = "ACTIVE"
            if deleted:
                del books.rows["m1"]

    books = Books(SimpleNamespace(tick=tick), "redis", VERSIONS, rows, "orders")
    show, clusters = books.trove._client.clusters.get, []
    books.trove._client.clusters.get = lambda one: clusters.append(len(asked)) or show(one)
    action = AwaitTrove(OWNER)
    action.remember(Record({"job": JOB | {"try_sec": 10}}))
    assert action.step(books.trove, Lock()) == {"hold": False}
    assert clusters == ([0, 7] if deleted else [0])
    # Six times the one in hand, then each that was not ACTIVE at first; gone, the cluster instead.
    assert len(asked) == (8 if deleted else 9)
