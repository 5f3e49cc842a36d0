"""Environments of other projects are never believed, nor written to."""
import warnings
from types import SimpleNamespace

import pytest
from mistralclient.api.base import APIException

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import clients
    from trove_upgrade.services.environments import Environments

NAME = "trove_upgrade.lock.c"


class Mistral:
    """Shows an administrator the environments of all projects; creates in project ``service``."""

    def __init__(self):
        self.environments, self.kept = self, [("other", NAME, {"of": "other"})]

    def list(self, name):
        """By a name, or by what it has."""
        has = name.removeprefix("has:") if name.startswith("has:") else None
        return [SimpleNamespace(project_id=project, name=one, variables=variables)
                for project, one, variables in self.kept
                if (has in one if has else name == one)]

    def create(self, name, variables):
        if ("service", name) in [one[:2] for one in self.kept]:
            raise APIException(409, "there")
        self.kept.append(("service", name, variables))

    def update(self, name, variables):
        """Whichever comes first."""
        place = next(place for place, one in enumerate(self.kept) if one[1] == name)
        self.kept[place] = (*self.kept[place][:2], variables)

    def delete(self, name):
        self.kept = [one for one in self.kept if one[:2] != ("service", name)]


@pytest.fixture
def notes(monkeypatch):
    monkeypatch.setattr(clients, "mistral", lambda actor: Mistral())
    return Environments(SimpleNamespace(project_id="service"))


def test_what_another_project_has_written_is_not_there(notes):
    assert notes.read(NAME) is None
    assert notes.named("trove_upgrade.") == {}
    assert notes.is_older(NAME, 0) is False


def test_what_another_project_has_written_stays_as_it_is(notes):
    notes.write(NAME, {"of": "service"})
    assert notes.create(NAME, {}) is False
    assert notes.read(NAME) == {"of": "service"}
    notes.replace(NAME, {"of": "service", "again": True})
    assert notes.read(NAME) == {"of": "service", "again": True}
    assert notes.of_project(NAME, "other") == {"of": "other"}
    notes.delete(NAME)
    assert notes.of_project(NAME, "other") == {"of": "other"}


def test_what_is_not_there_is_made_and_what_is_there_is_changed(notes):
    for value in (1, 2):
        notes.write("trove_upgrade.wave.r", {"number": value})
        assert notes.read("trove_upgrade.wave.r") == {"number": value}
