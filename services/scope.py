"""Which endpoints of a catalog are asked: region, interface, and URLs that stand above it."""
import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from keystoneauth1 import exceptions as ks
from keystoneauth1.session import Session

TROVE, MISTRAL, KEYSTONE = "database", "workflowv2", "identity"
INTERFACES = ("public", "internal", "admin")


@dataclasses.dataclass(frozen=True)
class Scope:
    """Where services are asked.

    :ivar region: empty: the catalog's first.
    :ivar interface: public, internal or admin; several in their order.
    :ivar overrides: URLs by type of service, in the place of the catalog's.
    """

    region: str = ""
    interface: str | list[str] = "public"
    overrides: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def within(self, region: str) -> "Scope":
        """The same for Trove of another region, whose URL is that region's own; empty: this one."""
        if region in ("", self.region):
            return self
        others = {service: url for service, url in self.overrides.items() if service != TROVE}
        return Scope(region, self.interface, others)

    def url(self, session: Session, service_type: str) -> str:
        """The service's URL, or empty; raises what Keystone refuses."""
        if given := self.overrides.get(service_type):
            return given
        try:
            found = session.get_endpoint(service_type=service_type, interface=self.interface,
                                         region_name=self.region or None,
                                         skip_discovery=True)       # the catalog's word is enough
        except ks.CatalogException:
            return ""
        return str(found or "")

    def lacks(self, service_type: str, catalog: Any) -> str:
        """Say that the catalog has no such endpoint, and which it has.

        :param catalog: keystoneauth's, or None where there is none.
        """
        interface = self.interface if isinstance(self.interface, str) else " or ".join(
            self.interface)
        region = repr(self.region) if " " in self.region else self.region
        where = f" in region {region}" if region else ""
        there = offered(service_type, catalog)
        else_ = ", ".join(f"{region} ({', '.join(one)})" for region, one in there.items())
        return (f"The catalog has no {interface} endpoint for service type {service_type!r}"
                f"{where}; " + (f"there is one in region {else_}." if else_
                                else "there is none in any region."))


def offered(service_type: str, catalog: Any) -> dict[str, list[str]]:
    """The interfaces at which a catalog has the service, by the name of their region."""
    if catalog is None:
        return {}
    found: dict[str, list[str]] = {}
    for one in itertools.chain(*catalog.get_endpoints_data(service_type=service_type).values()):
        found.setdefault(one.region_name or "", []).append(one.interface)
    return {region: sorted(set(there), key=_order) for region, there in sorted(found.items())}


def urls(service_type: str, interface: str | list[str], catalog: Any) -> set[str]:
    """The service's different URLs in a catalog, of whatever region."""
    found = catalog.get_urls(service_type=service_type, interface=interface) if catalog else ()
    return set(found)


def catalog_of(session: Session) -> Any:
    """The catalog of a session's token, or None: a bare endpoint has none."""
    get_access: Callable[[Session], Any] | None = getattr(session.auth, "get_access", None)
    access = get_access(session) if get_access else None
    return access.service_catalog if access and access.has_service_catalog() else None


def _order(interface: str) -> int:
    return INTERFACES.index(interface) if interface in INTERFACES else len(INTERFACES)
