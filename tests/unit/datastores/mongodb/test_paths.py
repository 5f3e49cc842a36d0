from trove_upgrade.datastores.mongodb.paths import PATHS


def test_one_release_at_a_time():
    assert PATHS.verdict("6.0.19", "7.0.15") == ""
    assert PATHS.verdict("7.0.2", "7.0.15") == ""
    assert PATHS.verdict("7.0.15", "6.0.19") == ""
    assert "by 5.0, 6.0" in PATHS.verdict("4.4.29", "7.0.15")
    assert "by 6.0" in PATHS.verdict("7.0.15", "5.0.1")
    assert "7.1.0 is not on the path" in PATHS.verdict("6.0.19", "7.1.0")
