from trove_upgrade.datastores.paths import Paths, in_turn

EACH = Paths(in_turn("9.0", "9.1", "9.2", "10.0"), "a manual", no_way_down="data are converted")
JUMPS = Paths({"8.4": ["8.0", "8.3"], "8.3": ["8.0"], "9.0": ["8.4"]}, "a manual")


def test_the_next_series_and_the_same_series_may_follow():
    assert EACH.verdict("9.1.2-3", "9.2.0") == ""
    assert EACH.verdict("v9.1.0-0", "9.1.1") == ""
    assert JUMPS.verdict("8.0.41", "8.4.3") == ""


def test_a_skipped_series_is_named_with_all_steps_in_order():
    assert EACH.verdict("9.0.1", "10.0.0") == (
        "9.0.1 must first be brought to 9.1, then to 9.2, before 10.0.0 (a manual).")


def test_the_shortest_of_several_ways_is_told():
    assert JUMPS.verdict("8.0.1", "9.0.1") == (
        "8.0.1 must first be brought to 8.4, before 9.0.1 (a manual).")


def test_a_version_that_the_table_does_not_know_is_refused_with_the_way_round():
    assert "No way from 9.0.1 to 11.0.1 is known (a manual)" in EACH.verdict("9.0.1", "11.0.1")
    assert "skip this check by name" in EACH.verdict("8.1.1", "9.1.1")


def test_an_older_series_is_refused_only_where_it_never_works():
    assert EACH.verdict("9.1.0", "9.0.5") == "9.0.5 can't follow 9.1.0: data are converted."
    assert JUMPS.verdict("8.4.3", "8.0.41") == ""


def test_a_name_without_a_number_is_not_judged():
    assert EACH.verdict("latest", "9.1.0") == ""
    assert EACH.verdict("", "9.1.0") == ""


def test_a_series_may_be_one_number():
    majors = Paths(in_turn("4", "5", "6"), "a manual", parts=1)
    assert majors.verdict("4.1.9", "5.0.3") == ""
    assert majors.verdict("4.0.0", "6.0.1") == (
        "4.0.0 must first be brought to 5, before 6.0.1 (a manual).")
