"""Stands in for Nova: a server is active at once; deleting it ends the member's process.

Trove's own fake (trove.tests.fakes.nova) is older than Trove 26 and cannot create a server
for it, so only its list of flavors is used.
"""
import uuid
from types import SimpleNamespace

from novaclient import api_versions
from novaclient.exceptions import NotFound
from trove.tests.fakes.nova import FLAVORS

from .members import release

SERVERS: dict[str, "Server"] = {}
GROUPS: dict[str, SimpleNamespace] = {}


class Server:
    """What Trove reads of a Nova server."""

    host, status, deleted, deleted_at = "lab-host", "ACTIVE", False, None
    created = updated = "2026-01-01T00:00:00Z"

    def __init__(self, name, image, flavor, tenant, zone):
        self.id, self.name, self.image_id, self.flavor_ref = str(uuid.uuid4()), name, image, flavor
        self.tenant_id, self.local_id = tenant, len(SERVERS) + 1
        self.addresses, self.fault, self.links = {}, {}, []
        self.flavor = {"id": flavor}
        setattr(self, "OS-EXT-AZ:availability_zone", zone or "nova")

    def delete(self):
        release(self.id)
        SERVERS.pop(self.id, None)

    def reboot(self, *_):
        """Nothing to do: no one reboots a machine in the lab."""


class Servers:
    """What Trove uses of novaclient's server manager."""

    def create(self, name, image_id, flavor_ref, meta=None, availability_zone=None, **_):
        server = Server(name, image_id, flavor_ref, (meta or {}).get("trove_project_id"),
                        availability_zone)
        SERVERS[server.id] = server
        return server

    def get(self, server_id):
        if server_id not in SERVERS:
            raise NotFound(404, "no such server")
        return SERVERS[server_id]

    def list(self, **_):
        return list(SERVERS.values())

    def delete(self, server):
        self.get(getattr(server, "id", server)).delete()


class Groups:
    """What Trove uses of novaclient's server group manager."""

    def create(self, name=None, policies=None):
        group = SimpleNamespace(id=str(uuid.uuid4()), name=name, policies=policies, members=[])
        GROUPS[group.id] = group
        return group

    def list(self):
        return list(GROUPS.values())

    def delete(self, group_id):
        GROUPS.pop(group_id, None)


def client(context, region_name=None, **_):
    """Trove's remote_nova_client."""
    servers = Servers()
    return SimpleNamespace(api_version=api_versions.APIVersion("2.90"), flavors=FLAVORS,
                           servers=servers, rdservers=servers, server_groups=Groups())
