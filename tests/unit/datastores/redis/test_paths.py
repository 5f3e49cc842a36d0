from trove_upgrade.datastores.redis.paths import PATHS


def test_releases_before_redis_4_are_refused():
    assert "4.0" in PATHS.verdict("3.2.12", "7.0.15")
    assert PATHS.verdict("8.1.8", "9.1.2") == ""
