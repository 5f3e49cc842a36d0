import pytest
from hypothesis import given
from hypothesis import strategies as st
from trove_upgrade.schemas import UpgradeError, complaints, load, read_input

NEEDED = {"cluster_id": "orders", "datastore_version": "9.1.2"}


@pytest.mark.parametrize(("key", "said", "meant"), [
    ("bake_sec", "3", 3), ("bake_sec", '"3"', 3), ("bake_sec", "None", 30), ("bake_sec", None, 30),
    ("dry_run", "true", True), ("dry_run", "'False'", False), ("dry_run", "None", False),
    ("poll_sec", "0.5", 0.5), ("pause_after", "none", "none"), ("on_failure", '"pause"', "pause"),
    ("skip_checks", "", []), ("skip_checks", "a_check, other", ["a_check", "other"]),
    ("skip_checks", '["a_check"]', ["a_check"]), ("skip_checks", "None", []),
])
def test_values_of_forms_and_shells_are_understood(key, said, meant):
    assert read_input({**NEEDED, key: said})[key] == meant


@pytest.mark.parametrize(("wrong", "words"), [
    ({"bake_seconds": 3}, ["'bake_seconds'", "bake_sec"]),
    ({"on_failure": "explode"}, ["on_failure is 'explode'", "rollback, pause, stop"]),
    ({"bake_sec": "soon"}, ["bake_sec is 'soon'", "integer"]),
    ({"bake_sec": -1}, ["bake_sec is -1", "at least 0"]),
    ({"gate_passes": 0}, ["gate_passes is 0", "at least 1"]),
    ({"dry_run": "perhaps"}, ["dry_run is 'perhaps'", "boolean"]),
    ({"cluster_id": "../instances/x"}, ["cluster_id is '../instances/x'"]),
    ({"access": "../../etc/passwd"}, ["access is '../../etc/passwd'"]),
    ({"skip_checks": "a,a"}, ["skip_checks", "once"]),
])
def test_bad_input_is_refused_with_key_value_and_what_is_allowed(wrong, words):
    with pytest.raises(UpgradeError) as refused:
        read_input({**NEEDED, **wrong})
    assert refused.value.code == "bad_input"
    assert refused.value.klass == "stop"
    for word in words:
        assert word in refused.value.message


@pytest.mark.parametrize("odd", [
    "x\nCRITICAL forged", "\x1b]0;owned\x07", "a\x7f", "a\x9b2K", "a/../b", "a%2fb", "a?b", "a#b",
    ".", ".."])
@pytest.mark.parametrize("key", ["cluster_id", "datastore_version"])
def test_a_name_with_a_character_that_controls_is_none(key, odd):
    """It becomes part of sentences in Mistral, of lines in logs, and of URLs."""
    with pytest.raises(UpgradeError) as raised:
        read_input({"cluster_id": "c", "datastore_version": "v", key: odd})
    assert raised.value.code == "bad_input"
    assert raised.value.message.isprintable()


@pytest.mark.parametrize("odd", [float("nan"), "NaN", "-nan"])
def test_what_is_no_number_is_none(odd):
    """Mistral's API reads NaN, and no bound holds it."""
    with pytest.raises(UpgradeError, match="poll_sec is NaN"):
        read_input({"cluster_id": "c", "datastore_version": "v", "poll_sec": odd})


def test_missing_input_is_named():
    with pytest.raises(UpgradeError, match="Missing: datastore_version"):
        read_input({"cluster_id": "orders"})


@given(st.dictionaries(st.sampled_from(sorted(load("input")["properties"])),
                       st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.none(),
                                 st.lists(st.text(max_size=5), max_size=3))))
def test_whatever_comes_is_understood_or_refused_by_name(raw):
    try:
        options = read_input(raw)
    except UpgradeError as error:
        assert error.code == "bad_input"
        assert error.message.startswith("The input is not understood: ")
    else:
        assert complaints("input", options) == []


def test_an_error_has_the_shape_of_its_schema_and_is_cut_when_long():
    assert complaints("error", UpgradeError("busy", "x" * 9000, "retry", "m1").as_dict()) == []
