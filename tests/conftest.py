"""What all tests share."""
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What the tests import of each other tells the values, too, when an assertion of it fails.
pytest.register_assert_rewrite(*(f"tests.{one.name}" for one in Path(__file__).parent.iterdir()))

# A busy machine makes examples slowly; that says nothing about the code.
settings.register_profile("any machine", deadline=None,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
