"""Clouds with Keystone: each module names its own's options in CLOUD; a fresh cluster a test."""
import itertools
from contextlib import suppress

import pytest

NUMBERS = itertools.count(1)


@pytest.fixture
def cluster(cloud):
    """A fresh Valkey 8.1.8 cluster of demo's, 3+3, deleted at the end."""
    made = cloud.lab.create_cluster(f"c{next(NUMBERS)}", shards=3, replicas=1)
    yield made
    cloud.lab.faults.clear()
    with suppress(Exception):               # one under upgrade, or broken, can't be deleted
        cloud.trove().clusters.delete(made.id)
