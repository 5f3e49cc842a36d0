"""What all tests share."""
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What the tests import of each other tells the values, too, when an assertion of it fails.
pytest.register_assert_rewrite(*(f"tests.{one.name}" for one in Path(__file__).parent.iterdir()))

# A busy machine makes examples slowly; that says nothing about the code. And whether a change may
# land is not left to chance: `make search` is what looks for examples that nobody has seen yet.
any_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", any_machine, derandomize=True)
settings.register_profile("search", any_machine, print_blob=True)
settings.load_profile("same")
