"""Options of the filter in trove.conf, group ``[trove_upgrade_api]``."""
from oslo_config import cfg

from ...schemas import read_input

GROUP = "trove_upgrade_api"
# What the caller's request decides.
OF_THE_REQUEST = ("cluster_id", "datastore_version")
NOT_HERE = (*OF_THE_REQUEST, "dry_run")     # an answer of 202 promises an upgrade

OPTS = [
    cfg.URIOpt("mistral_url", help="URL of Mistral's API with /v2, as this service reaches it; "
               "the catalog's when unset."),
    cfg.URIOpt("mistral_public_url", help="URL of Mistral's API with /v2 as users reach it, for "
               "the Location header; when unset the catalog's public one, else mistral_url."),
    cfg.StrOpt("interface", default="public", choices=["public", "internal", "admin"],
               help="Which endpoint of the catalog this service uses."),
    cfg.StrOpt("region_name", help="Region of Mistral's endpoint, and of the upgrades that begin "
               "here; that of [service_credentials] when unset."),
    cfg.StrOpt("cafile", help="CA certificates for HTTPS to Mistral and Keystone; when unset the "
               "section named by auth_section says it, as it does certfile, keyfile and "
               "insecure."),
    cfg.StrOpt("mistral_auth", default="token", choices=[
        ("token", "With the caller's token; the service user's to look after lost starts."),
        ("none", "Without one, for a Mistral without authentication on a private machine.")],
        help="How this service speaks to Mistral."),
    cfg.StrOpt("auth_section", default="keystone_authtoken",
               help="Section of trove.conf with this service's own user. It looks in Mistral "
               "whether the execution that holds a cluster is over; it must be an admin there, "
               "and in the same project as the user of [trove_upgrade] auth_section in "
               "mistral.conf."),
    cfg.FloatOpt("http_timeout_sec", default=10.0, min=0.1,
                 help="Seconds to wait for an answer of Mistral."),
    cfg.IntOpt("start_grace_sec", default=60, min=1,
               help="Seconds that a workflow that was started may take until it has recorded "
               "itself as the owner of the cluster. Held longer by nobody, a cluster is taken "
               "over by the next upgrade."),
    cfg.IntOpt("retry_after_sec", default=30, min=1,
               help="Seconds in the Retry-After header of 503."),
    cfg.DictOpt("workflow_inputs", default={},
                help="Inputs of trove_upgrade.cluster for upgrades that begin here, such as "
                "on_failure:pause,bake_sec:600. docs/workflows.md lists them."),
]


def options(conf: cfg.ConfigOpts = cfg.CONF):
    """The group's values."""
    conf.register_opts(OPTS, group=GROUP)
    return conf[GROUP]


def check(conf: cfg.ConfigOpts = cfg.CONF) -> None:
    """Refuse at the start of the service what would make every upgrade fail.

    :raises ValueError: naming the option, and what is wrong with it.
    """
    if options(conf).mistral_auth == "none" and not options(conf).mistral_url:
        raise ValueError(f"[{GROUP}] mistral_auth = none needs mistral_url.")
    inputs = options(conf).workflow_inputs
    reserved = [name for name in NOT_HERE if name in inputs]
    if reserved:
        raise ValueError(f"[{GROUP}] workflow_inputs must not hold {', '.join(reserved)}.")
    try:
        read_input(inputs | dict.fromkeys(OF_THE_REQUEST, "any"))
    except Exception as error:
        raise ValueError(f"[{GROUP}] workflow_inputs: {error}") from error


def list_opts():
    """For oslo-config-generator."""
    return [(GROUP, OPTS)]
