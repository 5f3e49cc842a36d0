"""Scenarios: upgrades that run in the background, several at once, since each mostly waits.

A test marked ``scenario`` only looks at the outcome of its upgrade. Those of a group, which share a
lab, are begun when the first of them is asked for.
"""
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.end_to_end.invariants import assert_invariants
from tests.groups import group_of
from tests.labs import SHARED

AT_ONCE = 3


@contextmanager
def begun(site, items):
    """Outcome of each scenario to be, by the test's id."""
    pool = ThreadPoolExecutor(AT_ONCE)
    marks = {item.nodeid: item.get_closest_marker("scenario") for item in items}
    try:
        yield {test: pool.submit(play, site, mark.kwargs) for test, mark in marks.items() if mark}
    finally:
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def outcome(request, site):
    """The outcome of this test's scenario, with the invariants asserted."""
    node, group = request.node, group_of(request.node)
    if getattr(node, "execution_count", 1) > 1:         # of pytest-rerunfailures
        found, together = play(site, node.get_closest_marker("scenario").kwargs)
    else:
        items = [item for item in request.session.items if group_of(item) == group]
        outcomes = SHARED.get(f"scenarios of {group}", lambda: begun(site, items))
        found, together = outcomes[node.nodeid].result()
    assert_invariants(found, together)
    return found


def play(site, asked):
    """Run one scenario to its end."""
    inputs = dict(asked)
    faults, loaded = inputs.pop("faults", ()), inputs.pop("load", False)
    with site.cluster() as cluster:
        for fault, number, *how in faults:
            site.break_member(cluster, fault, number, **(how[0] if how else {}))
        found = site.upgrade_to_end(cluster, loaded=loaded, **inputs)
    return found, 3 if inputs.get("parallelism") == "domain" else 1
