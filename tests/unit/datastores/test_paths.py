from trove_upgrade.datastores.paths import (
    NoJump,
    NotOlder,
    Numbered,
    Oldest,
    Paths,
    Rules,
    SameSeries,
    in_turn,
)

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


# Other rules
def test_the_first_rule_that_objects_is_told():
    rules = Rules(Oldest("4.0", "it is too old"), NotOlder("data are converted"))
    assert rules.verdict("3.2", "4.1") == "3.2 must first be brought to 4.0: it is too old."
    assert rules.verdict("5.0.1", "4.1") == "4.1 can't follow 5.0.1: data are converted."
    assert rules.verdict("4.0", "4.0.9") == rules.verdict("4", "9") == ""


def test_a_series_that_is_not_left():
    rule = SameSeries("the format differs")
    assert rule.verdict("16.4", "16.6") == rule.verdict("16.6", "16.4") == ""
    assert rule.verdict("16.4", "17.0") == "17.0 can't follow 16.4: the format differs."


def test_no_listed_series_is_jumped_over_and_others_lie_between():
    rule = NoJump("10.6", "10.11", "11.4")
    assert rule.verdict("10.7.1", "10.11.2") == rule.verdict("10.6.1", "10.11.2") == ""
    assert rule.verdict("10.6.1", "11.4.2") == "10.6.1 must first be brought to 10.11."
    assert rule.verdict("11.4.2", "12.0.1") == "12.0 is newer than this driver knows (11.4)."


def test_a_version_without_a_number_is_refused_where_numbers_are_needed():
    assert Numbered().verdict("latest", "9.1.0").startswith("9.1.0 can't follow latest")
    assert Numbered().verdict("latest", "latest") == Numbered().verdict("9.0", "9.1") == ""


def test_the_same_steps_lead_back_where_both_ways_are_open():
    both = Paths(in_turn("1.0", "2.0", "3.0"), "a manual", both_ways=True, skips="{steps}")
    assert both.verdict("3.0.1", "2.0.1") == ""
    assert both.verdict("3.0.1", "1.0.1") == "2.0"


def test_a_strict_table_refuses_what_it_does_not_have():
    strict = Paths(in_turn("1.0", "2.0"), "a manual", strict=True, unknown="{stranger} ({known})")
    assert strict.verdict("2.0.1", "2.0.2") == ""
    assert strict.verdict("3.0.1", "3.0.2") == "3.0.1 (1.0, 2.0)"
    assert strict.verdict("2.0.1", "4.0.2") == "4.0.2 (1.0, 2.0)"
