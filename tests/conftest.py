"""What all tests share."""
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What the tests import of each other tells the values, too, when an assertion of it fails.
pytest.register_assert_rewrite(*(f"tests.{one.name}" for one in Path(__file__).parent.iterdir()))

from tests import labs  # noqa: E402
from tests.groups import (  # noqa: E402, F401  hooks
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_configure_node,
    pytest_terminal_summary,
    pytest_xdist_make_scheduler,
)
from tests.labs import pytest_runtest_teardown  # noqa: E402, F401  a hook
from tests.shapes import shape_for  # noqa: E402

# A busy machine makes examples slowly; that says nothing about the code. And whether a change may
# land is not left to chance: `make search` is what looks for examples that nobody has seen yet.
any_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", any_machine, derandomize=True)
settings.register_profile("search", any_machine, print_blob=True)
settings.load_profile("same")


def pytest_configure(config):
    for line in (
            "scenario(faults, load, prepare, act, **inputs): the upgrade that is tested. "
            "faults: [(fault, member number or '*', {how})]; prepare(site, cluster, members) "
            "before it begins; act(run) while it runs; inputs of the workflow",
            "apart(name): shares no lab, so that any worker can do it",
            "lab_double: proves the lab's own equipment; needed when lab/ or the pins change"):
        config.addinivalue_line("markers", line)


@pytest.fixture(scope="module")
def site(request, tmp_path_factory):
    """The lab with an engine whose options are the module's LAB; skipped where its servers are out
    of reach."""
    from tests.datastores import sets
    sets.require_kind(request.module.LAB.get("kind", "redis"))
    return labs.site(tmp_path_factory.mktemp, request.module.LAB)


@pytest.fixture
def cluster(request, site):
    """A fresh cluster, or replication set, of the old version: in the shape that the test is given,
    else in the module's SHAPE, else in the kind's usual one."""
    with site.cluster(**shape_for(request)) as made:
        yield made


@pytest.fixture(scope="module")
def cloud(request):
    """The cloud whose options are the module's CLOUD."""
    return labs.cloud(request.module.CLOUD)
