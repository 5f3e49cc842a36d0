"""Stands in for Neutron: each compute server has one port with its own loopback address.

So the address in Trove's API is real: the member's database server listens on it.
"""
from trove.tests.fakes.neutron import FakeNeutronClient

from .compute import SERVERS
from .state import state

NETWORK, SECOND_NETWORK = "lab-network", "lab-copies-network"
NOBODY = "127.66.66.67"         # where nobody listens


class Client(FakeNeutronClient):
    """Trove's own fake, which knows no ports, with the members' ports added."""

    def list_ports(self, *_, **filters):
        server = filters.get("device_id")
        if server not in SERVERS:
            return {"ports": []}
        faults = state().standing_faults(SERVERS[server].name)
        if "no_port" in faults:
            return {"ports": []}
        second = [_port(server, SECOND_NETWORK, NOBODY)] if "second_port" in faults else []
        return {"ports": [*second, _port(server, NETWORK, state().address_of(server))]}

    def find_resource(self, kind, identity):
        return {"id": identity}


def _port(server, network, address):
    return {"id": f"{network}-{server}", "network_id": network, "device_id": server,
            "fixed_ips": [{"ip_address": address, "subnet_id": f"{network}-subnet"}]}


def client(context, region_name=None):
    """Trove's remote_neutron_client."""
    return Client(context)
