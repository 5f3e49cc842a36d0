"""What the notifier gives back of a run that was cancelled, when the lock is in other hands."""
import logging
import warnings
from types import SimpleNamespace

import pytest
from trove_upgrade.schemas import UpgradeError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; Mistral imports it
    from trove_upgrade.notifiers import lock_publisher

DATA = {"state": "CANCELLED", "workflow_name": "trove_upgrade.cluster"}


@pytest.fixture
def dropped(monkeypatch):
    """What was dropped of a run that holds one cluster, whose lock somebody else is at."""
    def in_other_hands(run):
        raise UpgradeError("locked", "It is being given back.", "retry")
    found = []
    for name in ("complete", "acting"):
        monkeypatch.setattr(lock_publisher.rights, name, lambda *_: None)
    monkeypatch.setattr(lock_publisher.rights, "drop", lambda run: found.append("rights"))
    monkeypatch.setattr(lock_publisher.sessions, "service", lambda: None)
    monkeypatch.setattr(lock_publisher, "held_by", lambda actor, run: ["c"])
    monkeypatch.setattr(lock_publisher, "Lock",
                        lambda *_: SimpleNamespace(release=in_other_hands))
    monkeypatch.setattr(lock_publisher, "Record", lambda *_: SimpleNamespace(
        drop=lambda: found.append("record")))
    return found


def test_rights_and_record_end_though_the_lock_is_in_other_hands(dropped, caplog):
    with caplog.at_level(logging.ERROR):
        lock_publisher.LockPublisher().publish(
            SimpleNamespace(project_id="p"), "run", DATA, "WORKFLOW_CANCELLED", None)
    assert dropped == ["record", "rights"]
    assert "could not be given back: It is being given back." in caplog.text
