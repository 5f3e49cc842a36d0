"""Real Trove APIs with and without the filter, and a real Mistral; a cluster's rows a test."""
import pytest

from tests.trove_api.apis import Apis


@pytest.fixture(scope="session")
def apis(tmp_path_factory):
    with Apis(tmp_path_factory.mktemp("apis")) as made:
        yield made


@pytest.fixture
def cluster(apis):
    """Two members on 8.1.8."""
    return apis.seed()
