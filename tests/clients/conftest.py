"""A lab and an engine for each module: its clients list all that they see there."""
import pytest

from tests.end_to_end.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("engine")) as running:
        yield running
