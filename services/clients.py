"""Clients of Trove and Mistral in an actor's name."""
from typing import Any, cast

import requests
from keystoneauth1 import noauth, session
from keystoneauth1.adapter import Adapter
from keystoneauth1.plugin import AUTH_INTERFACE
from keystoneauth1.token_endpoint import Token

# At the top, not in the function: it brings in eventlet, whose first import in a thread other than
# the main one leaves that thread waiting for ever.
from troveclient.v1.client import Client

from . import clouds, mistral_api
from .config import options
from .scope import KEYSTONE, MISTRAL, TROVE
from .sessions import Actor


def trove(actor: Actor):
    """A python-troveclient client."""
    actor.url(TROVE)        # says what is missing; the client would not
    return Client(session=actor.session(TROVE), region_name=actor.region or None,
                  endpoint_type=actor.scope.interface,
                  endpoint_override=actor.scope.overrides.get(TROVE))


def mistral(actor: Actor):
    """A python-mistralclient client."""
    conf = options()
    if conf.auth == "cloud" and conf.mistral_url:
        return mistral_api.client(conf.mistral_url, _one_users_engine(conf))
    return mistral_api.client(conf.mistral_url or actor.url(MISTRAL), actor.session(MISTRAL))


def _one_users_engine(conf) -> session.Session:
    """For a Mistral without Keystone: the embedded engine, with the token of its start."""
    if not conf.mistral_token:
        tls = clouds.tls_of_variables() | ({"verify": conf.cafile} if conf.cafile else {})
        return session.Session(auth=noauth.NoAuth(), timeout=conf.http_timeout_sec, **tls)
    direct = requests.Session()
    direct.trust_env = False        # no proxy can reach it, and none must see the token
    return session.Session(auth=Token(conf.mistral_url, conf.mistral_token), session=direct,
                           timeout=conf.http_timeout_sec)


def rest(actor: Actor, service_type: str) -> Adapter:
    """The service's plain REST; an error status is an answer, not an exception.

    Keystone is asked where the actor logs in: the catalog may have it in another region only.
    """
    scope, signed = actor.at(service_type), actor.session(service_type)
    if service_type == KEYSTONE:
        return Adapter(signed, service_type=KEYSTONE, interface=cast(Any, AUTH_INTERFACE),
                       version="3", raise_exc=False)
    return Adapter(signed, service_type=service_type, interface=scope.interface,
                   region_name=scope.region or None, raise_exc=False,
                   endpoint_override=scope.overrides.get(service_type))
