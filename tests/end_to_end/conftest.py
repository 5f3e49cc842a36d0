"""Real Trove, real Mistral, real Valkey: a site a worker, a fresh cluster a test.

A test marked ``scenario`` only looks at the outcome of its upgrade. The scenarios of a module run
several at once in the background, because each of them spends most of its time waiting for Trove.
"""
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.end_to_end.invariants import assert_invariants
from tests.end_to_end.site import Site

AT_ONCE = 5


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "scenario(faults, load, prepare, act, **inputs): the upgrade that is tested. "
        "faults: [(fault, member number or '*', {how})]; prepare(site, cluster, members) before it "
        "begins; act(run) while it runs; inputs of the workflow")


@contextmanager
def clean_site(directory, **lab_options):
    """A site that must have kept its secrets and hit nothing unexpected."""
    with Site(directory, **lab_options) as site:
        yield site
        site.engine.stop()
        assert site.unexpected() == []
        assert site.leaks() == [], "a secret is in the engine's files"


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory):
    """One for all the modules of a worker that leave it alive."""
    with clean_site(tmp_path_factory.mktemp("engine")) as site:
        yield site


@pytest.fixture(scope="module")
def site(request, tmp_path_factory):
    """The shared site, or one of the module's own when its LAB names options of the lab."""
    options = getattr(request.module, "LAB", None)
    if options is None:
        yield request.getfixturevalue("shared_site")
        return
    with clean_site(tmp_path_factory.mktemp("engine"), **options) as own:
        yield own


@pytest.fixture
def cluster(site):
    """A fresh 3+3 cluster of 8.1.8."""
    with site.cluster() as made:
        yield made


@pytest.fixture(scope="module")
def outcomes(request, site):
    """Outcome of each scenario of the module to be, by the test's id."""
    marks = {item.nodeid: item.get_closest_marker("scenario") for item in request.session.items
             if item.module is request.module}
    pool = ThreadPoolExecutor(AT_ONCE)
    yield {test: pool.submit(play, site, mark.kwargs) for test, mark in marks.items() if mark}
    pool.shutdown(cancel_futures=True)


@pytest.fixture
def outcome(request, outcomes):
    """The outcome of this test's scenario, with the invariants asserted."""
    future: Future = outcomes[request.node.nodeid]
    again = getattr(request.node, "execution_count", 1) > 1      # of pytest-rerunfailures
    found, together = (play(request.getfixturevalue("site"),
                            request.node.get_closest_marker("scenario").kwargs)
                       if again else future.result())
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
