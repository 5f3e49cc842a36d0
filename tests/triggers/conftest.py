"""The sites of the end-to-end tests; here upgrades begin on a schedule, or tell of themselves."""
from tests.end_to_end.conftest import cluster, shared_site, site  # noqa: F401
