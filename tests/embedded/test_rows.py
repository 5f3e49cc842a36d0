"""What Mistral stores of a run: no field of a wave's rows grows with the number of members."""
import os

import pytest
from trove_upgrade.embedded import EmbeddedEngine

from benchmarks import instant, rows

FEW, MANY = 2, 7
# Once a run, for people: the plan as it was made, and the report.
ONCE = {("action", "output", "trove_upgrade.plan"), ("workflow", "output", "trove_upgrade.prepare"),
        ("action", "input", "trove_upgrade.report"), ("action", "output", "trove_upgrade.report"),
        ("task", "published", "report"), ("workflow", "output", "trove_upgrade.upgrade"),
        ("task", "published", "drop_rights"), ("workflow", "output", "trove_upgrade.cluster")}
DIGITS = 8      # counts become longer


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The figures of a run of FEW members and of one of MANY."""
    directory = tmp_path_factory.mktemp("rows")
    with instant.double() as trove:
        env = {**os.environ, **trove.env(), **instant.install(directory / "site")}
        with EmbeddedEngine(directory / "engine", env=env) as engine:
            return [rows.run(engine, trove, members) for members in (FEW, MANY)]


def test_no_field_grows_with_the_members_but_the_plan_and_the_report(runs):
    few, many = ({one[:3]: one.largest for one in run["fields"]} for run in runs)
    assert few.keys() == many.keys()
    assert {one: (few[one], many[one]) for one in few
            if many[one] > few[one] + DIGITS and one not in ONCE} == {}


def test_a_member_more_takes_no_more_tasks_rows_and_calls_of_trove_than_it_may(runs):
    few, many = runs
    more = MANY - FEW
    assert many["tasks"] - few["tasks"] <= 5 * more
    assert many["bytes"] - few["bytes"] <= 8_800 * more
    assert sum(many["calls"].values()) - sum(few["calls"].values()) <= 5 * more
