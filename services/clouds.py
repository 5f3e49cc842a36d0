"""The cloud that a person works with: of clouds.yaml, or of the OS_* variables."""
import os
import pathlib
from typing import Any

import yaml
from keystoneauth1.session import Session
from oslo_utils import strutils

from .scope import MISTRAL, TROVE, Scope

# What stands above clouds.yaml when it is set, as with python-openstackclient.
ABOVE = ("region_name", "interface", "cacert", "cert", "key", "database_endpoint_override",
         "workflow_endpoint_override")
SWITCHES = ("insecure", "verify")       # openstacksdk takes the text "false" for true


def find(name: str | None = None, kind: type[Session] = Session) -> tuple[Session, Scope]:
    """The session of the cloud, with its TLS options, and where it asks. Asks no service.

    :param name: in clouds.yaml; None: as OS_CLOUD, else the other variables, say.
    :raises ModuleNotFoundError: openstacksdk is not there; else what it and keystoneauth raise.
    """
    from openstack.config import OpenStackConfig
    found = OpenStackConfig(session_constructor=kind).get_one(cloud=name, **_above())
    return found.get_session(), _scope(found)


def unreadable() -> str:
    """Which clouds.yaml is passed over because it is no YAML; empty when none is."""
    from openstack.config import loader
    for path in filter(None, (os.environ.get("OS_CLIENT_CONFIG_FILE"), *loader.CONFIG_FILES)):
        if pathlib.Path(path).exists():
            try:
                yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))
            except (OSError, ValueError, yaml.YAMLError):
                return str(path)
    return ""


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
    return {name: strutils.bool_from_string(value) if name in SWITCHES else value
            for name, value in given.items() if value}


def _scope(found: Any) -> Scope:
    urls = {service: found.get_endpoint(service) for service in (TROVE, MISTRAL)}
    # Beside OS_ENDPOINT_TYPE openstacksdk takes either of the two, as they happen to come.
    interface = _above().get("interface") or found.get_interface() or "public"
    if isinstance(interface, str):
        interface = interface.removesuffix("URL")       # as older clients call them
    return Scope(found.region_name or "", interface,
                 {service: url for service, url in urls.items() if url})
