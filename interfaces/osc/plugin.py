"""What python-openstackclient asks of a plugin. It is imported at every `openstack` call."""
DEFAULT_API_VERSION = "1"
API_VERSION_OPTION = "os_database_upgrade_api_version"
API_NAME = "database_upgrade"
API_VERSIONS = ("1",)


def make_client(instance):
    """Return a Client with the session, region and interface of the command line."""
    from ..client import Client
    mistral = instance._override_for("workflow") or instance._override_for("workflowv2")
    return Client(instance.session, region=instance.region_name,
                  interface=instance.interface or "public", mistral_url=mistral,
                  trove_url=instance._override_for("database"))


def build_option_parser(parser):
    """Add nothing: there is one version."""
    return parser
