import pytest
from trove_upgrade.planning.versions import find, numbers, older, runs


@pytest.mark.parametrize(("evidence", "number", "same"), [
    ("9.1.2", "9.1.2", True), ("9.1.2", "9.1", True), ("9.1.2", "9", True),
    ("9.1.2", "9.1.20", False), ("9.1", "9.1.2", False), ("19.1.2", "9.1.2", False),
    ("", "9.1.2", False), ("9.1.2", "latest", False)])
def test_a_server_runs_a_version_when_the_numbers_that_both_tell_agree(evidence, number, same):
    assert runs(evidence, {"id": "x", "name": "valkey-nine", "number": number}) is same


def test_a_version_without_a_number_is_known_by_its_name():
    assert runs("valkey-9.1.2", {"id": "x", "name": "valkey-9.1.2", "number": ""})


def test_numbers_are_compared_as_numbers():
    assert older("8.1.8", "8.1.10")
    assert not older("9.1", "9.1.2")
    assert numbers("valkey-9.1.2-r3") == (9, 1, 2)


def test_a_version_is_found_by_id_before_name_before_number():
    one = {"id": "a", "name": "b", "number": "1"}
    other = {"id": "b", "name": "c", "number": "1"}
    assert find([one, other], "b") == [other]
    assert find([one, other], "1") == [one, other]
    assert find([one, other], "z") == []
