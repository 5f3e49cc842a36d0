"""The one maker of python-mistralclient's clients."""
from typing import Any

from keystoneauth1.session import Session


def with_version(url: str) -> str:
    """The URL with the API's version: people and catalogs give it with and without."""
    url = url.rstrip("/")
    return url if url.endswith("/v2") else url + "/v2"


def client(url: str, session: Session, region: str = "") -> Any:
    """A client of Mistral at ``url``, with or without /v2.

    :param region: told to Mistral as that of whoever asks; empty: none.
    """
    from mistralclient.api.client import client as make
    made = make(mistral_url=with_version(url), session=session, region_name=region or None)
    # Its own options overrule the session's at each request, and without any they say: no CA of
    # one's own, no client certificate.
    made.executions.http_client.ssl_options = {}
    return made
