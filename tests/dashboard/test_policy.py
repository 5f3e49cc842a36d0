"""Who may upgrade, as far as the dashboard can tell."""
from types import SimpleNamespace

import pytest

from tests.dashboard import pages

pages.set_up()

from django.test import override_settings  # noqa: E402
from horizon.exceptions import NotAuthorized  # noqa: E402
from trove_upgrade.interfaces.dashboard import rights  # noqa: E402


def somebody(*roles):
    return SimpleNamespace(user=SimpleNamespace(roles=[{"name": name} for name in roles]))


@pytest.mark.parametrize(("roles", "may"), [
    (("member",), True), (("admin",), True), (("member", "reader"), True), (("reader",), False),
    (("reader", "swiftoperator"), False), (("dba",), True)])
def test_default_of_the_rule_without_a_policy_file(roles, may):
    assert rights.may_upgrade(somebody(*roles)) is may


def test_refusal_is_horizons_own():
    with pytest.raises(NotAuthorized):
        rights.require(somebody("reader"))
    rights.require(somebody("member"))


@pytest.mark.parametrize("answer", [True, False])
def test_sites_own_policy_wins(answer, monkeypatch):
    asked = []
    monkeypatch.setattr(rights.horizon_policy, "check",
                        lambda rules, request: asked.append(rules) or answer)
    with override_settings(POLICY_FILES={"database": "trove_policy.yaml"}):
        assert rights.may_upgrade(somebody("reader")) is answer
    assert asked == [(("database", "cluster:upgrade"),)]
