"""What the executor says of itself: nothing here is asked of a cluster.

No secret is read: of an access file its name and a fingerprint, of mistral.conf the few options
that an upgrade depends on.
"""
import datetime
import hashlib
import hmac
import os
import secrets
import socket
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from oslo_config import cfg

from .. import datastores
from ..planning.executors import Settings
from . import access_files, clients
from .config import options
from .sessions import Actor

UNNAMED = "0.0.0.0"     # noqa: S104  Mistral's default, no address that is bound
FINGERPRINT_DIGITS = 12
VEIL = secrets.token_bytes(16)


def name() -> str:
    """The ``host`` of ``[executor]``, or of the machine where it has none, and the process."""
    own = _option("executor", "host")
    return f"{own if own and own != UNNAMED else socket.gethostname()}:{os.getpid()}"


def veiled_name() -> str:
    """Tells this process from others and nothing else: nobody can try out names of hosts on it."""
    return f"executor-{hmac.new(VEIL, name().encode(), hashlib.sha256).hexdigest()[:8]}"


def package() -> str:
    """The version of this package."""
    return metadata.version("trove-upgrade")


def drivers() -> dict[str, str]:
    """The pack's drivers and those that are installed beside them: what to install where one can't
    be loaded, else empty."""
    known, failed = datastores.drivers(), datastores.failures()
    return {one: "" if one in known else _remedy(one)
            for one in sorted({*datastores.EXTRAS, *known, *failed})}


def _remedy(driver: str) -> str:
    _, extra = datastores.EXTRAS.get(driver, ((), ""))
    return f"trove-upgrade[{extra}]" if extra else "its package"


def access(salt: str) -> dict[str, str]:
    """The fingerprint of each access file, by its name.

    :param salt: the same for all executors that are to be compared.
    """
    found = sorted(path.stem for path in Path(options().access_dir).glob("*.yaml"))
    return {one: access_files.fingerprint(one, salt).partition(":")[2][:FINGERPRINT_DIGITS]
            for one in found if access_files.NAME.fullmatch(one)}


def settings() -> Settings:
    """What its mistral.conf says; None where this process knows no such option."""
    listed = _option("notifier", "notify")
    return {
        "auth": options().auth,
        "host": _option("executor", "host"),
        "publishers": None if listed is None else [str(one.get("type")) for one in listed],
        "heartbeat_interval_sec": _option("action_heartbeat", "check_interval"),
        "heartbeats_missed": _option("action_heartbeat", "max_missed_heartbeats"),
        "first_heartbeat_sec": _option("action_heartbeat", "first_heartbeat_timeout"),
        "expire_every_min": _option("execution_expiration_policy", "evaluation_interval"),
        "expire_older_min": _option("execution_expiration_policy", "older_than"),
        "expire_above": _option("execution_expiration_policy", "max_finished_executions")}


def _option(group: str, name: str) -> Any:
    try:
        return cfg.CONF[group][name]
    except (cfg.NoSuchOptError, cfg.NoSuchGroupError):
        return None


def clock_ahead(actor: Actor) -> float | None:
    """Seconds by which this clock is ahead of the machine of Mistral's API, which tells whole
    seconds; None where it does not tell its time.

    :raises Exception: Mistral's API can't be asked.
    """
    before = _now()
    answer = clients.mistral(actor).executions.http_client.get("/executions?limit=1&fields=id")
    told = answer.headers.get("Date")
    if told is None:
        return None
    middle = before + (_now() - before) / 2
    return round((middle - parsedate_to_datetime(told)).total_seconds(), 1)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
