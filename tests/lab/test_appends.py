"""What is said of a list, by what was appended and by what was found in it."""
import pytest
from trove_upgrade.lab.appends import OwnList, judge, read_back

pytestmark = pytest.mark.lab_double
ITEMS = ["a", "b", "c", "d"]


def own(acknowledged="abcd", name="one"):
    return OwnList(name, list(ITEMS), set(acknowledged))


@pytest.mark.parametrize(("acknowledged", "found", "missing", "duplicated", "reordered"), [
    ("abcd", "abcd", "", "", ""),
    ("abcd", "abd", "c", "", ""),
    ("abcd", "", "abcd", "", ""),
    ("abcd", "abcbd", "", "b", ""),
    ("abcd", "abbb", "cd", "b", ""),
    ("abcd", "acbd", "", "", "b"),
    ("abcd", "dabc", "", "", "abc"),
    ("abd", "abd", "", "", ""),              # c's outcome is unknown: it may not be there,
    ("abd", "abcd", "", "", ""),             # be there,
    ("abd", "abdc", "", "", ""),             # or come late,
    ("abd", "abcdc", "", "c", ""),           # but once only
    ("abd", "cabd", "", "", "ab"),           # and not before what was acknowledged before it
    ("abcd", "abxcd", "", "", ""),           # somebody else's
], ids=lambda value: value or "none")
def test_what_is_missing_twice_or_out_of_order(acknowledged, found, missing, duplicated, reordered):
    verdict = judge(own(acknowledged), list(found))
    assert (verdict.missing, verdict.duplicated, verdict.reordered) == (
        list(missing), list(duplicated), list(reordered))
    assert verdict.appends == len(acknowledged)


def test_a_silent_part_is_unreadable_and_does_not_hide_the_others():
    asked = []

    def read(name):
        asked.append(name)
        if name.startswith("dead"):
            raise ConnectionError
        return ["a", "b", "d"]
    names = ["dead 1", "dead 2", "dead 3", "alive 1", "alive 2"]
    verdict = read_back([own(name=name) for name in names], read,
                        lambda name: int(name.startswith("dead")))
    assert verdict.as_dict() == {"appends": 20, "missing": 2, "duplicated": 0, "reordered": 0}
    assert verdict.unreadable == 12
    assert "dead 3" not in asked               # then it gave the part up
