"""Stands in for Neutron: each compute server has one port with its own loopback address.

So the address in Trove's API is real: the member's database server listens on it.
"""
from trove.tests.fakes.neutron import FakeNeutronClient

from .compute import SERVERS
from .state import state


class Client(FakeNeutronClient):
    """Trove's own fake, which knows no ports, with the members' ports added."""

    def list_ports(self, *_, **filters):
        server = filters.get("device_id")
        if server not in SERVERS:
            return {"ports": []}
        address = {"ip_address": state().address_of(server), "subnet_id": "lab-subnet"}
        return {"ports": [{"id": f"port-{server}", "network_id": "lab-network",
                           "device_id": server, "fixed_ips": [address]}]}

    def find_resource(self, kind, identity):
        return {"id": identity}


def client(context, region_name=None):
    """Trove's remote_neutron_client."""
    return Client(context)
