"""Each datastore's module has a site of its own, with the options of the lab that its LAB names."""
import pytest

from tests.datastores import sets
from tests.end_to_end.conftest import clean_site


@pytest.fixture(scope="module")
def site(request, tmp_path_factory):
    """One for the module; skipped where its servers are out of reach."""
    options = request.module.LAB
    sets.require_kind(options.get("kind", "redis"))
    with clean_site(tmp_path_factory.mktemp("engine"), **options) as made:
        yield made


@pytest.fixture
def cluster(site):
    """A fresh cluster, or replication set, of the old version, in the kind's usual shape."""
    with site.cluster() as made:
        yield made
