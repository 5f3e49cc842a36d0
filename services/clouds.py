"""The cloud that a person works with: of clouds.yaml, or of the OS_* variables."""
import os
from typing import Any

import requests
from keystoneauth1 import exceptions as ks
from keystoneauth1.session import Session

from ..schemas import UpgradeError
from ..schemas.errors import STOP
from . import cloud_files
from .scope import MISTRAL, TROVE, Scope

# What stands above clouds.yaml when it is set, as with python-openstackclient.
ABOVE = ("region_name", "interface", "cacert", "cert", "key", "database_endpoint_override",
         "workflow_endpoint_override")
WAYS = "Give --os-cloud with a name in clouds.yaml, or OS_* variables."
NOT_AS_WANTED = (AttributeError, OSError, TypeError, ValueError)     # openstacksdk's own check
SWITCHES = ("insecure", "verify")       # openstacksdk takes the text "false" for true
TRUE = ("1", "t", "true", "on", "y", "yes")     # as oslo.utils', whose import takes 0.1 s


def find(name: str | None = None, kind: type[Session] = Session) -> tuple[Session, Scope]:
    """The session of the cloud, with its TLS options, and where it asks. Asks no service.

    :param name: in clouds.yaml; None: as OS_CLOUD, else the other variables, say.
    :raises ModuleNotFoundError: openstacksdk is not there.
    :raises UpgradeError: code ``no_cloud``: what is missing, or wrong.
    """
    from openstack.config import OpenStackConfig
    from openstack.exceptions import ConfigException
    try:
        found = OpenStackConfig(session_constructor=kind).get_one(cloud=name, **_above())
        return found.get_session(), _scope(found)
    except (ConfigException, ks.ClientException, *NOT_AS_WANTED) as error:
        words = _what_is_wrong(error, name or os.environ.get("OS_CLOUD") or "")
        raise UpgradeError("no_cloud", words, STOP) from error


def _what_is_wrong(error: Exception, name: str) -> str:
    """A sentence on what openstacksdk or keystoneauth could not use.

    :param name: the cloud's; empty: the variables describe it.
    """
    if isinstance(error, ks.MissingRequiredOptions):
        missing = ", ".join(f"--os-{option.name}" for option in error.options)
        return f"No cloud is configured, or not all of it: {missing} is missing. {WAYS}"
    if words := cloud_files.complaint(name):
        return words
    if isinstance(error, requests.RequestException):
        where = f": {error.request.url!s} does not answer" if error.request else ""
        return f"The profile of cloud {name} can't be fetched{where}."
    if not isinstance(error, NOT_AS_WANTED):
        return f"The cloud can't be used: {_line(error).rstrip('.')}. {WAYS}"
    if name:
        return (f"clouds.yaml can't be read: its cloud {name} is not as openstacksdk wants it "
                f"({_line(error)}).")
    return ("The cloud can't be used: the OS_* variables are not those that this OS_AUTH_TYPE "
            f"takes ({_line(error)}).")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def tls_of_variables() -> dict[str, Any]:
    """``verify`` and ``cert`` of a session without a cloud: OS_INSECURE, OS_VERIFY, OS_CACERT,
    OS_CERT and OS_KEY."""
    given = _above()
    trusted = given.get("verify", True) and not given.get("insecure")
    cert, key = given.get("cert"), given.get("key")
    return {"verify": trusted and given.get("cacert", True),
            "cert": (cert, key) if cert and key else cert}


def _above() -> dict[str, Any]:
    given = {name: os.environ.get(f"OS_{name.upper()}") for name in (*ABOVE, *SWITCHES)}
    return {name: value.strip().lower() in TRUE if name in SWITCHES else value
            for name, value in given.items() if value}


def _scope(found: Any) -> Scope:
    urls = {service: found.get_endpoint(service) for service in (TROVE, MISTRAL)}
    # Beside OS_ENDPOINT_TYPE openstacksdk takes either of the two, as they happen to come.
    interface = _above().get("interface") or found.get_interface() or "public"
    if isinstance(interface, str):
        interface = interface.removesuffix("URL")       # as older clients call them
    return Scope(found.region_name or "", interface,
                 {service: url for service, url in urls.items() if url})
