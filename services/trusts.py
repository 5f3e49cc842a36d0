"""Keystone trusts from the caller to the service user.

A trust has no name, but Keystone makes no two between the same users that end at the same moment.
So the moment at which a run's trust would end by itself is reckoned from the run, and a step that
was repeated finds the trust of its first try.
"""
import datetime
import hashlib
from typing import Any

from oslo_utils import timeutils

from ..schemas import UpgradeError
from . import clients, sessions
from .config import options
from .errors import from_status
from .executions import ExecutionReader
from .sessions import Actor

SPREAD_SEC = 86400
ADMIN = "admin"
TRUSTS = "/OS-TRUST/trusts"


def make(token: str, caller: dict[str, Any], service: Actor, run: str, reader: ExecutionReader
         ) -> str:
    """Id of the trust of a run, made if it is not there yet.

    :param token: the caller's.
    :param caller: what token_of tells of it.
    :raises UpgradeError: code ``no_trust``: the caller's token can't make trusts.
    """
    body = {"trustor_user_id": caller["user"]["id"], "trustee_user_id": _user_id(service),
            "project_id": caller["project"]["id"], "impersonation": True,
            "roles": [{"id": role["id"]} for role in _passed_on(caller["roles"])],
            "expires_at": _end(run, reader.created_at(run))}
    keystone = clients.rest(service, clients.KEYSTONE)
    answer = keystone.post(TRUSTS, json={"trust": body}, authenticated=False,
                           headers={"X-Auth-Token": token})
    if answer.status_code == 409 and (found := _made_before(keystone, token, body)):
        return found
    if answer.status_code != 201:
        raise _no_trust(answer)
    return str(answer.json()["trust"]["id"])


def drop(trust_id: str, service: Actor) -> None:
    """Delete a trust: as the trustor by the trust itself, else as the service user, an admin."""
    for actor in (sessions.trustee(trust_id), service):
        try:
            answer = clients.rest(actor, clients.KEYSTONE).delete(f"{TRUSTS}/{trust_id}")
        except UpgradeError as error:
            if error.code != sessions.REVOKED:
                raise
            continue
        if answer.status_code in (204, 404):
            return
    raise from_status(answer.status_code, "Keystone does not delete the trust of this run; it ends "
                      "by itself.")


def token_of(token: str | None, service: Actor) -> dict[str, Any]:
    """What Keystone says of a caller's token: its user, project and roles.

    :raises UpgradeError: code ``no_token``, ``token_expired``, or ``no_trust``: not for a project.
    """
    if not token:
        raise sessions.no_token()
    answer = clients.rest(service, clients.KEYSTONE).get(
        "/auth/tokens?nocatalog", headers={"X-Subject-Token": token})
    if answer.status_code in (400, 404):
        raise UpgradeError("token_expired", "The token ran out before the run could keep the "
                           "caller's rights; start it again.", "stop")
    if answer.status_code >= 400:
        raise from_status(answer.status_code, "Keystone does not show the caller's token.")
    found = answer.json()["token"]
    if "project" not in found:
        raise UpgradeError("no_trust", "The token is not for a project; log in to the cluster's.",
                           "stop")
    return found


def _passed_on(roles: list[dict[str, str]]) -> list[dict[str, str]]:
    """Those of the caller's roles that a run needs.

    :raises UpgradeError: code ``no_trust``: it has none of them; or it is an administrator, whose
        trust would be good for everything in the cloud.
    """
    wanted = options().trust_roles
    if any(role["name"] == ADMIN and ADMIN not in wanted for role in roles):
        raise UpgradeError("no_trust", "An administrator's rights are not kept for an upgrade. "
                           f"Start it as a user with the role {' or '.join(wanted)}, or let the "
                           f"operator add {ADMIN} to trust_roles in [trove_upgrade]. Nothing was "
                           "changed.", "stop")
    found = [role for role in roles if role["name"] in wanted]
    if not found:
        raise UpgradeError("no_trust", "The caller has none of the roles that an upgrade needs: "
                           f"{', '.join(wanted)} (trust_roles in [trove_upgrade]). Nothing was "
                           "changed.", "stop")
    return found


def _made_before(keystone: Any, token: str, wanted: dict[str, Any]) -> str:
    answer = keystone.get(TRUSTS, params={"trustor_user_id": wanted["trustor_user_id"]},
                          authenticated=False, headers={"X-Auth-Token": token})
    listed = answer.json()["trusts"] if answer.status_code == 200 else []
    same = ("trustee_user_id", "project_id")
    return next((one["id"] for one in listed if all(one[key] == wanted[key] for key in same)
                 and _seconds(one["expires_at"]) == _seconds(wanted["expires_at"])), "")


def _no_trust(answer: Any) -> UpgradeError:
    if answer.status_code >= 500 or answer.status_code == 429:
        return from_status(answer.status_code, "Keystone does not make a trust.")
    words = " ".join(answer.text.split())[:200]
    return UpgradeError(
        "no_trust", "The caller's token can't pass its rights on to the upgrade (application "
        "credentials and delegated tokens can't). Start it with a token from a password login, or "
        "let the operator set auth = service in [trove_upgrade]. Nothing was changed. Keystone "
        f"says {answer.status_code}: {words}", "stop")


def _user_id(service: Actor) -> str:
    return str(service.session(clients.KEYSTONE).get_user_id())


def _end(run: str, created_at: str) -> str:
    """When the trust of a run ends: a moment of its own, the same at each try."""
    begin = timeutils.normalize_time(timeutils.parse_isotime(created_at))
    number = int(hashlib.sha256(run.encode()).hexdigest(), 16)
    spread = datetime.timedelta(seconds=number % SPREAD_SEC,
                                microseconds=number // SPREAD_SEC % 1_000_000)
    end = begin + datetime.timedelta(seconds=options().trust_lifetime_sec) + spread
    return end.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _seconds(moment: str | None) -> str:
    """Without fractions: some databases drop them."""
    return (moment or "").split(".")[0].rstrip("Z")
