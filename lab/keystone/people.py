"""Who may do what in the lab's cloud, and where its services are."""
from dataclasses import dataclass

REGION, SECOND = "RegionOne", "RegionTwo"
INTERFACES = ("public", "internal", "admin")
PROJECTS = ("service", "demo", "other")         # Keystone's bootstrap makes project admin


@dataclass(frozen=True)
class Person:
    """A user with roles in one project."""

    name: str
    project: str
    roles: tuple[str, ...]


PEOPLE = (
    Person("admin", "admin", ("admin",)),       # made by Keystone's bootstrap
    Person("demo", "demo", ("member",)),
    Person("reader", "demo", ("reader",)),
    Person("other", "other", ("member",)),
    Person("mistral", "service", ("admin", "service")),
    Person("trove", "service", ("admin", "service")),
    Person("barbican", "service", ("admin", "service")),
)


def project_of(name: str) -> str:
    """Name of a person's project."""
    return next(person.project for person in PEOPLE if person.name == name)


def admit(identity, passwords: dict[str, str]) -> None:
    """Make projects, users and grants; identity: openstacksdk's, as the administrator."""
    projects = {name: identity.create_project(name=name, domain_id="default").id
                for name in PROJECTS}
    roles = {role.name: role.id for role in identity.roles()}
    for person in PEOPLE[1:]:
        project = projects[person.project]
        user = identity.create_user(name=person.name, password=passwords[person.name],
                                    domain_id="default", default_project_id=project)
        for role in person.roles:
            identity.assign_project_role_to_user(project, user, roles[role])


def announce(identity, name: str, kind: str, urls: dict[str, str], region: str) -> None:
    """Put a service's endpoints into the catalog, and itself, if it is new; urls: by interface."""
    service = (next(identity.services(type=kind), None)
               or identity.create_service(name=name, type=kind))
    for interface, url in urls.items():
        identity.create_endpoint(service_id=service.id, interface=interface, url=url,
                                 region_id=region)
