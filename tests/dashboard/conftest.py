"""One cloud with Horizon and one Chromium for all; a fresh cluster of demo's and a login a test."""
import itertools
import os
from contextlib import suppress

import pytest

from tests import labs
from tests.dashboard.browser import Page, chromium, find_browser
from tests.dashboard.people import Dashboard
from tests.labs import SHARED
from tests.shapes import shape_for

NUMBERS = itertools.count(1)
REQUIRED = "chromium" in os.environ.get("TROVE_UPGRADE_REQUIRE", "").split(",")
NONE = "There is no Chromium on this machine (apt-get install chromium chromium-driver)."


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A WebDriver; skipped where there is none, failed where the environment requires it."""
    if find_browser() is None:
        (pytest.fail if REQUIRED else pytest.skip)(NONE)
    return SHARED.get("chromium", lambda: chromium(tmp_path_factory.mktemp("chromium")))


@pytest.fixture(scope="module")
def cloud(request, browser):
    """Keystone, Trove, Mistral, Horizon: the cloud whose options are the module's CLOUD."""
    return labs.cloud(request.module.CLOUD)


@pytest.fixture
def cluster(request, cloud):
    """A fresh Valkey 8.1.8 cluster of demo's, 3+3 unless its test or module says another shape,
    deleted at the end."""
    made = cloud.lab.create_cluster(f"orders{next(NUMBERS)}", **shape_for(request))
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
