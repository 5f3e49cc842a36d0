"""A driver whose client library is missing is named; the generic one never takes its place."""
import re
from pathlib import Path

import pytest
from trove_upgrade import datastores
from trove_upgrade.datastores.base import DatastoreError

SETUP = (Path(__file__).parents[3] / "setup.py").read_text(encoding="utf-8")


def without(monkeypatch, *names):
    known = {name: one for name, one in datastores.drivers().items() if name not in names}
    monkeypatch.setattr(datastores, "drivers", lambda: known)


@pytest.mark.parametrize("name", datastores.EXTRAS)
def test_the_extra_that_helps_is_named(name, monkeypatch):
    served, extra = datastores.EXTRAS[name]
    replication = name.endswith("_replication")
    without(monkeypatch, name)
    for wanted, datastore in [(name, "x"), *(("auto", one) for one in served)]:
        with pytest.raises(DatastoreError, match=re.escape(f"'trove-upgrade[{extra}]'")):
            datastores.choose(wanted, datastore, replication)


def test_other_datastores_are_served_all_the_same(monkeypatch):
    without(monkeypatch, "redis", "galera")
    assert datastores.choose("auto", "cassandra") == "cassandra"
    assert datastores.choose("auto", "couchbase") == "generic"
    assert datastores.choose("generic", "redis") == "generic"
    assert datastores.choose("auto", "mariadb", replication=True) == "mariadb_replication"


def test_the_table_is_that_of_the_drivers_and_of_setup():
    served = {name: one.datastores for name, one in datastores.drivers().items()
              if one.datastores}
    assert {name: stores for name, (stores, _) in datastores.EXTRAS.items()} == served
    extras = set(re.findall(r'"(\w+)": [A-Z]+[,}]', SETUP))
    assert {extra for _, extra in datastores.EXTRAS.values()} <= extras
    for name, one in datastores.drivers().items():
        if one.datastores:
            assert one.replication == name.endswith("_replication")
