"""One cloud with a Mistral of many processes for all tests of this folder."""
import contextlib
import tempfile
from pathlib import Path

import pytest
from trove_upgrade.lab.cloud import Cloud
from trove_upgrade.lab.kinds import mariadb
from trove_upgrade.lab.mistral import proxy

from tests.datastores.sets import require
from tests.distributed.site import CUT, ServiceSite
from tests.lab.processes import alive, processes
from tests.labs import SHARED
from tests.rabbit.conftest import require_server

OPTIONS = {"distributed": True, "password": "of-the-members-3b7f", "swap_sec": 1.0,
           "stop_timeout_sec": 2, "node_timeout_ms": 4000}


@pytest.fixture(scope="module")
def site():
    """Skipped where RabbitMQ, MariaDB or HAProxy can't be had, unless they are required."""
    require_server()
    require(mariadb.ARCHIVE)
    require(proxy.ARCHIVE)
    return SHARED.get("distributed", clean_site)


@contextlib.contextmanager
def clean_site():
    """A site in which nothing unexpected happened, and of which nothing is left."""
    with tempfile.TemporaryDirectory() as cut, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(CUT))        # of the cloud's processes
        patch.setenv("CUT_OFF", cut)
        with Cloud(**OPTIONS) as cloud:
            site = ServiceSite(cloud, Path(cut))
            yield site
            found = processes(cloud.directory)
            assert len(found) > 2 * len(cloud.engine.nodes)
            assert site.unexpected() == []
            site.to_broker.refuse()
            site.to_database.refuse()
        assert alive(found) == []
        assert not cloud.directory.exists()


@pytest.fixture
def cluster(site):
    """A fresh Valkey cluster of the old version, 3+3."""
    with site.cluster() as made:
        yield made
