"""Ids of executions that trove-api starts: services find them, others can't foretell them."""
import uuid

import pytest
from trove_upgrade.interfaces.trove_api import mistral
from trove_upgrade.planning.lock_names import START_KEY, execution_of

HOLD = ("c1", "2026-01-01T00:00:00")


def test_an_id_is_of_one_hold_and_one_key():
    ids = {execution_of("c1", HOLD[1], "k"), execution_of("c2", HOLD[1], "k"),
           execution_of("c1", "2026-01-01T00:00:01", "k"), execution_of(*HOLD, "other"),
           execution_of(*HOLD)}
    assert len(ids) == 5
    assert execution_of(*HOLD, "k") == execution_of(*HOLD, "k")
    assert all(str(uuid.UUID(one)) == one for one in ids)


class Environments(mistral.Mistral):
    """Mistral's, in memory; ``quicker`` is what another process writes at the same moment."""

    def __init__(self, kept=None, quicker=None, refused=0):
        self.kept, self.quicker, self.refused = kept or {}, quicker, refused
        self._project_id = "service"

    def _ask(self, method, path, json=None):
        if self.refused:
            raise mistral.Refused(self.refused, "no")
        if method == "POST":
            self.kept |= self.quicker or {}
            if json["name"] in self.kept:
                raise mistral.Refused(409, "Duplicate entry")
            self.kept[json["name"]] = json["variables"]
            return {}
        name = path.rpartition("name=")[2]
        return {"environments": [
            {"name": name, "project_id": "attackers", "variables": {"key": "known"}},
            *({"name": name, "project_id": "service", "variables": self.kept[one]}
              for one in self.kept if one == name)]}


def test_the_key_is_made_once_and_kept():
    known = Environments()
    first = known.secret(START_KEY)
    assert len(first) == 64
    assert known.secret(START_KEY) == first == known.kept[START_KEY]["key"]


def test_of_two_that_make_it_at_once_one_wins():
    assert Environments(quicker={START_KEY: {"key": "theirs"}}).secret(START_KEY) == "theirs"


@pytest.fixture
def service(monkeypatch):
    """service(environments): trove-api's own user has these."""
    def become(environments):
        monkeypatch.setattr(mistral, "_KEYS", [])
        monkeypatch.setattr(mistral, "_service_session", lambda section: None)
        monkeypatch.setattr(mistral, "as_service", lambda: environments)
    return become


def test_one_without_the_right_to_keep_it_does_as_well(service):
    service(Environments(refused=403))
    assert mistral.start_key() == ""


def test_without_a_service_user_there_is_none(service, monkeypatch):
    service(None)

    def nobody(section):
        raise mistral.Silent("names no user")
    monkeypatch.setattr(mistral, "_service_session", nobody)
    assert mistral.start_key() == ""


def test_a_mistral_that_does_not_answer_starts_nothing(service, monkeypatch):
    class Away(Environments):
        def _ask(self, *_, **__):
            raise mistral.Silent("away")
    service(Away())
    with pytest.raises(mistral.Silent):
        mistral.start_key()
