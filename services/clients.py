"""Clients of Trove and Mistral in an actor's name, and the access files of the members."""
from pathlib import Path
from typing import Any

import requests
import yaml
from keystoneauth1 import noauth, session
from keystoneauth1.adapter import Adapter
from keystoneauth1.token_endpoint import Token
from mistralclient.api.client import client

# At the top, not in the function: it brings in eventlet, whose first import in a thread other than
# the main one leaves that thread waiting for ever.
from troveclient.v1.client import Client

from ..schemas import UpgradeError
from .config import options
from .sessions import Actor

TROVE, MISTRAL, KEYSTONE = "database", "workflowv2", "identity"
VERSIONS = {KEYSTONE: "3"}      # its catalog entry may be without one


def trove(actor: Actor):
    """A python-troveclient client."""
    conf = options()
    actor.url(TROVE)        # says what is missing; the client would not
    return Client(session=actor.session(TROVE), region_name=conf.region_name,
                  endpoint_type=conf.interface)


def mistral(actor: Actor):
    """A python-mistralclient client."""
    conf = options()
    if conf.auth == "cloud" and conf.mistral_url:
        return client(mistral_url=conf.mistral_url, session=_one_users_engine(conf))
    return client(mistral_url=conf.mistral_url or actor.url(MISTRAL),
                  session=actor.session(MISTRAL))


def _one_users_engine(conf) -> session.Session:
    """For a Mistral without Keystone: the embedded engine, with the token of its start."""
    if not conf.mistral_token:
        return session.Session(auth=noauth.NoAuth(), timeout=conf.http_timeout_sec)
    direct = requests.Session()
    direct.trust_env = False        # no proxy can reach it, and none must see the token
    return session.Session(auth=Token(conf.mistral_url, conf.mistral_token), session=direct,
                           timeout=conf.http_timeout_sec)


def rest(actor: Actor, service_type: str) -> Adapter:
    """The service's plain REST; an error status is an answer, not an exception."""
    conf = options()
    return Adapter(actor.session(service_type), service_type=service_type,
                   interface=conf.interface, region_name=conf.region_name, raise_exc=False,
                   version=VERSIONS.get(service_type))


def access(name: str, driver: str) -> dict[str, Any]:
    """The driver's section of the access file ``name``; empty when there is no such file.

    :raises UpgradeError: code ``bad_access_file``.
    """
    path = Path(options().access_dir) / f"{name}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        if name == "default":
            return {}
        raise UpgradeError("bad_access_file", f"There is no access file named {name!r} on the "
                           "executors.", "stop") from None
    except (OSError, yaml.YAMLError) as error:
        raise UpgradeError("bad_access_file", f"The access file {name!r} can't be read: "
                           f"{type(error).__name__}.", "stop") from None
    section = content.get(driver, {}) if isinstance(content, dict) else None
    if not isinstance(section, dict):
        raise UpgradeError("bad_access_file", f"The access file {name!r} must map driver names to "
                           "settings.", "stop")
    return section
