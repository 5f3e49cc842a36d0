"""A cloud a worker process: Keystone, Trove, Mistral; a fresh cluster of demo's a test."""
import itertools
import warnings
from contextlib import suppress

import pytest
from trove_upgrade.lab.cloud import Cloud

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself
    # Here, in the main thread: a thread that is the first to import eventlet never ends.
    import troveclient.v1.client  # noqa: F401

QUICK = {"swap_sec": 0.2, "stop_timeout_sec": 2, "node_timeout_ms": 4000}
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def cloud():
    """Tokens live an hour; short waits."""
    with Cloud(token_sec=3600, **QUICK) as running:
        yield running


@pytest.fixture
def cluster(cloud):
    """A fresh Valkey 8.1.8 cluster of demo's, 3+3, deleted at the end."""
    made = cloud.lab.create_cluster(f"c{next(NUMBERS)}", shards=3, replicas=1)
    yield made
    cloud.lab.faults.clear()
    with suppress(Exception):               # one under upgrade, or broken, can't be deleted
        cloud.trove().clusters.delete(made.id)
