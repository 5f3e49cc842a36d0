"""A driver whose client library is missing is named, for another executor may have it; the generic
one never takes its place."""
import re
import subprocess
import sys
from pathlib import Path

import pytest
from trove_upgrade import datastores
from trove_upgrade.datastores.base import DatastoreError

SETUP = (Path(__file__).parents[3] / "setup.py").read_text(encoding="utf-8")


def without(monkeypatch, *names):
    known = {name: one for name, one in datastores.drivers().items() if name not in names}
    monkeypatch.setattr(datastores, "_extensions", lambda: (known, {}))


@pytest.mark.parametrize("name", datastores.EXTRAS)
def test_the_extra_that_helps_is_named(name, monkeypatch):
    served, extra = datastores.EXTRAS[name]
    replication = name.endswith("_replication")
    without(monkeypatch, name)
    for wanted, datastore in [(name, "x"), *(("auto", one) for one in served)]:
        with pytest.raises(DatastoreError, match=re.escape(f"'trove-upgrade[{extra}]'")) as raised:
            datastores.choose(wanted, datastore, replication)
        assert (raised.value.code, raised.value.passing) == ("driver_not_loadable", True)
    with pytest.raises(DatastoreError, match="can't be loaded"):
        datastores.driver(name, {})


@pytest.mark.parametrize(("module", "datastore", "replication"), [
    ("redis", "valkey", False), ("pymysql", "mariadb", False), ("pymysql", "mysql", True),
    ("pymongo", "mongodb", False), ("cassandra", "cassandra", False),
    ("vertica_python", "vertica", False), ("psycopg", "postgresql", True)])
def test_an_executor_that_lacks_a_client_never_plans_with_generic(module, datastore, replication):
    said = subprocess.run([sys.executable, "-c", f"""
import sys
sys.modules[{module!r}] = None
from trove_upgrade import datastores
try:
    print(datastores.choose("auto", {datastore!r}, {replication}))
except datastores.DatastoreError as error:
    print(error.code, error.passing, error.message)
"""], capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.startswith("driver_not_loadable True")
    assert module in said


def test_what_a_driver_of_others_may_claim_is_not_left_to_generic(monkeypatch):
    broken = (datastores.drivers(), {"acme": ImportError("No module named 'acmedb'")})
    monkeypatch.setattr(datastores, "_extensions", lambda: broken)
    with pytest.raises(DatastoreError, match="acme can't be loaded here: No module named 'acmedb'"):
        datastores.choose("auto", "acmedb")
    assert datastores.choose("generic", "acmedb") == "generic"
    assert datastores.choose("auto", "redis") == "redis"


def test_generic_by_its_name_is_told_from_a_datastore_without_a_driver():
    assert datastores.passed_over("generic", "mariadb") == "galera"
    assert datastores.passed_over("generic", "couchbase") == ""
    assert datastores.passed_over("redis", "redis") == ""


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
