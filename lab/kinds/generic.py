"""The lab's datastore without a driver of its own."""
from .cassandra.kind import CassandraKind


class GenericKind(CassandraKind):
    """Cassandra's doubles under a datastore's name that no driver serves.

    Trove makes and upgrades them as Cassandra; the pack has nothing but Trove's word for them. A
    ring with three copies shows a client what that word is worth: one member may be away.
    """

    name = "generic"
    datastore = "widecolumns"
