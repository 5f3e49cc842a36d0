import pytest
from trove_upgrade.datastores.galera import paths
from trove_upgrade.datastores.galera.topology import size_in


@pytest.mark.parametrize(("origin", "target", "words"), [
    ("10.11.18", "10.11.19", ""), ("10.4.34", "10.5.29", ""), ("10.6.21", "10.11.18", ""),
    ("10.7.8", "10.11.18", ""), ("10.11.18", "11.4.9", ""), ("11.4.9", "11.8.6", ""),
    ("10.4.34", "10.11.18", "first be brought to 10.5"),
    ("10.5.23", "10.11.19", "first be brought to 10.6"),
    ("10.6.21", "11.4.9", "first be brought to 10.11"),
    ("10.11.18", "12.1.2", "newer than this driver knows"),
    ("11.4.9", "10.11.18", "can't read the data"),
    ("5.7.44", "8.0.42", ""), ("8.0.42", "8.4.6", ""), ("5.6.51", "5.7.44", ""),
    ("5.7.44", "8.4.6", "first be brought to 8.0"), ("5.6.51", "8.0.42", "brought to 5.7"),
    ("8.0.42", "10.11.18", "another product"), ("10.4", "10.11", "first be brought to 10.5")])
def test_a_step_jumps_over_no_series(origin, target, words):
    found = paths.PATHS.verdict(origin, target)
    assert (words in found) if words else found == ""


@pytest.mark.parametrize(("newer", "older", "back"), [
    ("10.11.19", "10.11.18", True), ("11.4.9", "10.11.18", False), ("8.0.42", "8.0.41", False),
    ("8.4.6", "8.4.5", True), ("5.7.44", "5.7.43", True), ("8.4.6", "8.0.42", False)])
def test_who_reads_what_a_newer_one_wrote(newer, older, back):
    assert paths.reads_back(newer, older) is back


@pytest.mark.parametrize(("options", "size"), [
    ("gcache.size = 128M; x = 1", 128 * 2 ** 20), ("a = 1; gcache.size = 2G;", 2 * 2 ** 30),
    ("gcache.size=1048576", 2 ** 20), ("", 128 * 2 ** 20),
    ("gcache.page_size = 1G; gcache.size = 64k", 64 * 2 ** 10)])
def test_the_size_of_the_cache_is_read_from_the_providers_options(options, size):
    assert size_in(options) == size
