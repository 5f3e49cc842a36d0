"""What all tests share."""
from hypothesis import HealthCheck, settings

# A busy machine makes examples slowly; that says nothing about the code.
settings.register_profile("any machine", deadline=None,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
