"""One cloud with Horizon and one Chromium for all; a fresh cluster of demo's and a login a test."""
import itertools
import os
import warnings
from contextlib import suppress

import pytest
from trove_upgrade.lab.cloud import Cloud

from tests.dashboard.browser import Page, chromium, find_browser
from tests.dashboard.people import Dashboard

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself
    # Here, in the main thread: a thread that is the first to import eventlet never ends.
    import troveclient.v1.client  # noqa: F401

QUICK = {"swap_sec": 1.0, "stop_timeout_sec": 2, "node_timeout_ms": 4000}
NUMBERS = itertools.count(1)
REQUIRED = "chromium" in os.environ.get("TROVE_UPGRADE_REQUIRE", "").split(",")
NONE = "There is no Chromium on this machine (apt-get install chromium chromium-driver)."


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A WebDriver; skipped where there is none, failed where the environment requires it."""
    if find_browser() is None:
        (pytest.fail if REQUIRED else pytest.skip)(NONE)
    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="session")
def cloud(browser):
    """Keystone, Trove, Mistral, Horizon."""
    with Cloud(dashboard=True, **QUICK) as running:
        yield running


@pytest.fixture
def cluster(cloud):
    """A fresh Valkey 8.1.8 cluster of demo's, 3+3, deleted at the end."""
    made = cloud.lab.create_cluster(f"orders{next(NUMBERS)}")
    yield made
    cloud.lab.faults.clear()
    with suppress(Exception):               # one under upgrade, or broken, can't be deleted
        cloud.trove().clusters.delete(made.id)


@pytest.fixture
def log_in(cloud, browser):
    """log_in("demo"): the dashboard as this user."""
    def enter(user="demo"):
        page = Page(browser, cloud.horizon.url)
        page.complaints()           # those of the tests before, which it tells once
        page.log_in(user, cloud.password(user))
        return Dashboard(page)
    return enter


@pytest.fixture
def demo(log_in):
    """The dashboard as the owner of the cluster."""
    return log_in()
