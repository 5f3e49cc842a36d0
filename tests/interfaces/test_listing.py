"""The list of upgrades, for people."""
import contextlib
import json
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trove_upgrade.interfaces import listing, selection
from trove_upgrade.interfaces.cli import control
from trove_upgrade.interfaces.names import common_prefix, short
from trove_upgrade.interfaces.shapes import Upgrade

from tests.interfaces.test_selection import Upgrades, run

LONG = "orders-production-eu-west-1-reporting"
REFUSED = {"status": "refused"}


def upgrade(state="SUCCESS", kind="upgrade", status="", cluster="orders", version="9.1.2",
            who="ada", number=1):
    return Upgrade(f"{number:08d}-aaaa-4aaa-8aaa-aaaaaaaaaaaa", kind, cluster, version, state, "",
                   "2026-01-02 03:04:05", "", status, who)


@pytest.mark.parametrize(("given", "word"), [
    (upgrade("ERROR", status="refused"), "refused"), (upgrade("ERROR"), "failed"),
    (upgrade("ERROR", status="rolled_back"), "rolled back"), (upgrade("RUNNING"), "running"),
    (upgrade("PAUSED"), "paused"), (upgrade("CANCELLED"), "aborted"),
    (upgrade(kind="finalize"), "finalised"), (upgrade(status="nothing_to_do"), "nothing to do"),
    (upgrade(kind="plan", status="planned"), "planned")])
def test_each_state_has_a_word(given, word):
    assert listing.word(given) == word


def test_a_wide_table_has_a_header_and_names_in_full():
    found = listing.lines([upgrade(cluster="c-1"), upgrade("RUNNING", "plan", who="", number=2)],
                          {"c-1": LONG})
    assert found == [
        f"{'CLUSTER':{len(LONG)}}  KIND     TO     STATE    WHO  BEGAN             ID",
        f"{LONG}  upgrade  9.1.2  done     ada  2026-01-02 03:04  "
        "00000001-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
        f"{'orders':{len(LONG)}}  dry run  9.1.2  running  -    2026-01-02 03:04  "
        "00000002-aaaa-4aaa-8aaa-aaaaaaaaaaaa"]


def test_at_80_columns_names_are_cut_in_their_middle_and_ids_at_their_end():
    found = listing.lines([upgrade(cluster=LONG)], {}, 80)
    assert found[1] == ("orders-prod..1-reporting  upgrade  9.1.2  done   ada  "
                        "2026-01-02 03:04  00000001")
    assert max(map(len, found)) <= 80


@given(st.lists(st.builds(
    upgrade, cluster=st.text(min_size=1, max_size=60), who=st.text(max_size=40),
    version=st.text(max_size=30)), max_size=5))
def test_a_line_is_never_wider_than_80_columns(upgrades):
    assert all(len(line) <= 80 and "\n" not in line
               for line in listing.lines(upgrades, {}, 80))


@pytest.mark.parametrize(("names", "prefix"), [
    (["orders-eu-1", "orders-eu-2"], "orders-eu-"), (["a-1", "a-2"], ""), (["one"], ""), ([], ""),
    (["orders.1", "orders.1b"], "orders."), (["orders-x", "invoices-y"], ""),
    (["same-1", "same-1"], "")])
def test_what_all_names_begin_with(names, prefix):
    assert common_prefix(names) == prefix


@given(st.text(max_size=60), st.integers(4, 60))
def test_a_shortened_name_fits_and_keeps_its_ends(text, width):
    found = short(text, width)
    assert len(found) <= width
    assert found == text or (text.startswith(found[:1]) and text.endswith(found[-1:]))


def listed(upgrades, capsys, *words):
    command = control.List(types.SimpleNamespace(), None)
    command.connected = lambda *_, **__: contextlib.nullcontext((upgrades, False))
    command.run(command.get_parser("list").parse_args(words))
    return capsys.readouterr().out


class Runs(Upgrades):
    """Each run's output is its result."""

    def each(self, **_):
        return iter([{**one, "output": one["result"]} for one in self.runs])


KNOWN = (run("c-1", "ERROR", "orders", REFUSED, datastore_version="9"),
         run("c-2", "RUNNING", "invoices", datastore_version="9"),
         run("c-1", "SUCCESS", "orders", {"status": "planned"}, dry_run=True))


@pytest.mark.parametrize(("words", "count"), [
    ((), 2), (("--all",), 3), (("--kind", "plan"), 1), (("--kind", "finalize"), 0),
    (("--state", "refused"), 1), (("--state", "RUNNING"), 1), (("--state", "paused"), 0),
    (("--cluster", "invoices"), 1), (("--cluster", "c-1"), 1), (("--cluster", "orders"), 1),
    (("--cluster", "x"), 0), (("--limit", "1"), 1)])
def test_filters(words, count, capsys):
    lines = listed(Runs(*KNOWN), capsys, *words).splitlines()
    assert lines == ["No such upgrade."] if count == 0 else len(lines) == 1 + count
    assert len(json.loads(listed(Runs(*KNOWN), capsys, *words, "-f", "json"))) == count


def test_none(capsys):
    assert listed(Runs(), capsys) == "No upgrades yet.\n"
    assert listed(Runs(), capsys, "-f", "json") == "[]\n"


def test_what_was_asked_for_by_id_is_listed_by_name(capsys):
    asked = "22222222-2222-4222-8222-222222222222"
    out = listed(Runs(run(asked, "RUNNING", "orders", datastore_version="9")), capsys)
    assert out.splitlines()[1].startswith("orders ")


def test_an_upgrade_is_named_by_the_beginning_of_its_id():
    known = Runs(*KNOWN)
    assert selection.newest(known, known.ids[1][:8]) == known.ids[1]
    assert selection.under_way(known, known.ids[1][:8]) == known.ids[1]
