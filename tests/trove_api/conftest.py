"""Real Trove APIs with and without the filter, and a real Mistral; a cluster's rows a test."""
import pytest

from tests.labs import SHARED
from tests.trove_api.apis import Apis


@pytest.fixture(scope="module")
def apis(tmp_path_factory):
    return SHARED.get("apis", lambda: Apis(tmp_path_factory.mktemp("apis")))


@pytest.fixture
def cluster(apis):
    """Two members on 8.1.8."""
    return apis.seed()
