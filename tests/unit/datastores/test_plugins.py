"""Plugins that the new image lacks, from rows as the servers give them."""
import pytest
from trove_upgrade.datastores import plugins
from trove_upgrade.datastores.base import Facts

# What MySQL 8.0.46 and 8.4.3 and MariaDB 10.11.18 say of some of their plugins.
BUILT_IN = [("mysql_native_password", "AUTHENTICATION", None),
            ("caching_sha2_password", "AUTHENTICATION", None), ("InnoDB", "STORAGE ENGINE", None)]
OF_84 = [one for one in BUILT_IN if one[0] != "mysql_native_password"]     # DISABLED there
ED25519 = ("ed25519", "AUTHENTICATION", "auth_ed25519.so")
CONNECT = ("CONNECT", "STORAGE ENGINE", "ha_connect.so")


def facts(version, rows, accounts=()):
    return Facts(version, f"on {version}", answers=True, version=version,
                 native={"plugins": plugins.answer(rows, accounts)})


@pytest.mark.parametrize(("rows", "accounts", "needed"), [
    (BUILT_IN, [], []),
    (BUILT_IN, ["mysql_native_password", "unix_socket", "", None], ["mysql_native_password"]),
    ([*BUILT_IN, ED25519, CONNECT], [], ["CONNECT", "ed25519"]),
    ([("server_audit", "AUDIT", "server_audit.so"),
      ("rpl_semi_sync_source", "REPLICATION", "semisync_source.so"),
      ("keyring_file", "KEYRING", "keyring_file.so")], [], [])])
def test_data_and_accounts_need_what_is_loaded_for_them(rows, accounts, needed):
    assert plugins.answer(rows, accounts)["needed"] == needed


def test_a_newer_member_lacks_what_an_older_one_needs_and_not_the_other_way_round():
    old = facts("8.0.46", BUILT_IN, ["mysql_native_password"])
    new = facts("8.4.3", [*OF_84, CONNECT])
    assert plugins.lacking(new, old) == [
        "on 8.4.3 has not loaded the plugin mysql_native_password, which on 8.0.46 needs"]
    assert plugins.lacking(old, new) == []


def test_patches_of_one_series_are_told_apart():
    old, new = facts("10.11.18", BUILT_IN), facts("10.11.19", [*BUILT_IN, ED25519])
    assert plugins.lacking(old, new) == []
    assert len(plugins.lacking(facts("10.11.19", BUILT_IN), new)) == 1


def test_that_accounts_could_not_be_asked_is_told():
    assert plugins.notes([facts("8.0.46", BUILT_IN)]) == []
    (note,) = plugins.notes([facts("8.0.46", BUILT_IN, None)])
    assert "may not read mysql.user" in note
