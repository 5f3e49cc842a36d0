"""install-workflows: put the pack's workflows into a Mistral service."""
import pathlib

from cliff.command import Command

from .. import first_contact, session
from ..errors import ServiceError
from ..inputs import web_url
from ..services import service_errors
from . import options


class InstallWorkflows(Command):
    """Create or update the pack's workflows in a Mistral service, in your own project or in all.

    With them come the branches of datastores that other installed packages bring.

    The actions have to be installed on the service's API, engines and executors, as a Python
    package, by its operator.
    """

    def get_parser(self, prog_name):
        """Add the service and the scope."""
        parser = super().get_parser(prog_name)
        place = parser.add_mutually_exclusive_group()
        place.add_argument("--mistral-url", type=web_url, metavar="URL",
                           help="default: the cloud's catalog")
        place.add_argument("--mistral-from-catalog", action="store_true")
        parser.add_argument("--public", action="store_true",
                            help="for all projects; needs an administrator's rights")
        options.add_cloud(parser)
        return parser

    def take_action(self, args):
        """Create what is missing, update what differs."""
        from ...workflows import installed
        session.use_options(args)
        client, _ = first_contact.service(args.mistral_url, args.os_cloud)
        scope = "public" if args.public else "private"
        with service_errors():
            for path in installed():
                print(install(client, pathlib.Path(path).read_text(encoding="utf-8"), scope))


def install(client, text, scope):
    """Install one workflow; return 'created|updated|unchanged NAME'.

    :raises ServiceError: when it is public, in another version, and ``scope`` is private.
    """
    import yaml
    name = next(key for key in yaml.safe_load(text) if key != "version")
    known = _find(client, name)
    if known is None:
        client.workflows.create(text, scope=scope)
        return f"created {name}"
    if known.definition == text and known.scope in (scope, "public"):
        return f"unchanged {name}"
    if known.scope == "public" and scope != "public":
        raise ServiceError(f"{name} is public in this Mistral, in another version. Ask an "
                           "administrator to install this one with --public.")
    client.workflows.update(text, scope=scope, id=known.id)
    return f"updated {name}"


def _find(client, name):
    """Our project's workflow of that name, else the public one.

    An administrator sees those of all projects, and must not change another's.
    """
    project = client.workflows.http_client.session.get_project_id()     # None without Keystone
    found = client.workflows.list(name=name)
    return next((each for each in found if project in (None, each.project_id)),
                next((each for each in found if each.scope == "public"), None))
