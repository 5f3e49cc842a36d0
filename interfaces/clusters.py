"""Clusters and replication sets by object, id or name."""
from .errors import BadInput, ClusterNotFound
from .services import service_errors


def identity(wanted):
    """Return the id, or the name, that stands for an object or a text.

    :raises BadInput: it is empty, or can't be written in UTF-8, as no service takes it.
    """
    text = wanted if isinstance(wanted, str) else wanted.id
    if not text.strip():
        raise BadInput("An empty name or id stands for nothing.")
    if not is_text(text):
        raise BadInput(f"{text!a} is not UTF-8; nothing can be called that.")
    return text


def is_text(text):
    """Whether it can be written in UTF-8: Python keeps other bytes as lone surrogates."""
    return not any("\ud800" <= one <= "\udfff" for one in text)


def find(trove, wanted):
    """Return (id, name) of a cluster; Trove is asked unless the object says both.

    ``trove``: a function that returns a python-troveclient.

    :raises ClusterNotFound: none, or several of that name.
    """
    text = identity(wanted)
    if not isinstance(wanted, str) and getattr(wanted, "name", None):
        return text, wanted.name
    client = trove()
    with service_errors("Trove"):
        return _by_id(client, text) or _by_name(client, text)


def find_set(trove, wanted):
    """Return [(id, name)] of all instances of the replication set that one of them, of this id or
    unique name, belongs to; empty when there is none.

    ``trove``: a function that returns a python-troveclient.
    """
    client = trove()
    with service_errors("Trove"):
        rows = [one.to_dict() for one in _each(client.instances)]
    sources = {_source(one) for one in rows if wanted in (one["id"], one["name"])}
    if len(sources) != 1:
        return []
    return [(one["id"], one["name"]) for one in rows if _source(one) in sources]


def _source(row):
    return (row.get("replica_of") or row)["id"]


def _by_id(client, wanted):
    from troveclient.apiclient.exceptions import NotFound
    try:
        found = client.clusters.get(wanted)
    except NotFound:
        return None
    return found.id, found.name


def _by_name(client, wanted):
    same = [one.id for one in _each(client.clusters) if one.name == wanted]
    if len(same) == 1:
        return same[0], wanted
    raise ClusterNotFound(f"Several clusters are called {wanted!r}; give one of these ids: "
                          f"{', '.join(same)}." if same else f"There is no cluster {wanted!r}.")


def _each(manager):
    """All of them: python-troveclient's own find() looks at the first page only."""
    marker = None
    while True:
        page = manager.list(marker=marker)
        yield from page
        marker = page.next
        if not marker:
            return
