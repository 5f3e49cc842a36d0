"""Options of the pack in mistral.conf, group ``[trove_upgrade]``."""
from oslo_config import cfg

GROUP = "trove_upgrade"

OPTS = [
    cfg.StrOpt("auth", default="trust", choices=[
        ("trust", "With the caller's, kept by a Keystone trust to the service user as long as the "
                  "upgrade runs."),
        ("service", "With the service user's own, after the caller's right was checked; where "
                    "trusts are off. Needs this pack's routes in trove-api."),
        ("context", "With the token of the execution alone: an upgrade ends when it runs out."),
        ("cloud", "With clouds.yaml or OS_* variables of the executor; for one-user engines.")],
        help="With whose rights the actions speak to Trove and Mistral."),
    cfg.StrOpt("auth_section", default="keystone_authtoken",
               help="Section with the service user (auth_type, auth_url, username ...). It must be "
               "an admin in Mistral; trusts of cron and event triggers only work when it is the "
               "user of [keystone_authtoken]."),
    cfg.IntOpt("trust_lifetime_sec", default=30 * 86400, min=600,
               help="Seconds after which a trust ends by itself, should nobody drop it. An upgrade "
               "that takes longer, pauses included, loses its rights. Up to a day is added."),
    cfg.ListOpt("trust_roles", default=["member"],
                help="Roles of the caller that a trust passes on. An administrator's upgrade is "
                "refused unless admin is among them."),
    cfg.IntOpt("start_grace_sec", default=60, min=1,
               help="Seconds that a start may hold a cluster in Trove before its execution is "
               "recorded as the owner; after that the next upgrade takes the cluster over."),
    cfg.StrOpt("cloud", help="Name in clouds.yaml; only with auth = cloud."),
    cfg.URIOpt("mistral_url", help="URL of Mistral's API with /v2; the catalog's when unset."),
    cfg.StrOpt("mistral_token", secret=True, help="Token for mistral_url; only with auth = cloud. "
               "The embedded engine sets it."),
    cfg.StrOpt("interface", default="public", choices=["public", "internal", "admin"],
               help="Which endpoints of the catalog are used."),
    cfg.StrOpt("region_name", help="Region of Mistral, and of Trove where a run "
               "names none (input region); when unset that of the request, else the first one. "
               "Where the catalog has several Mistrals it must be set."),
    cfg.StrOpt("cafile", help="CA certificates for HTTPS to Keystone, Trove and Mistral; when "
               "unset the section named by auth_section says it, as it does certfile, keyfile and "
               "insecure."),
    cfg.StrOpt("access_dir", default="/etc/trove-upgrade/access",
               help="Directory of the access files that tell port and credentials of members."),
    cfg.IntOpt("engines", default=1, min=1,
               help="Number of engine processes of this Mistral, which its API does not tell: how "
               "many upgrades go at once goes by it."),
    cfg.IntOpt("upgrades_at_once", default=0, min=0,
               help="So many upgrades go at once, the others wait for their turn; 0: ten for each "
               "engine. More where members take long, because a run that waits for a member costs "
               "the engine little."),
    cfg.IntOpt("upgrades_of_project", default=0, min=0,
               help="So many of these may be of one project; 0: half of them. Where one project "
               "has all clusters, as many as upgrades_at_once."),
    cfg.FloatOpt("outage_sec", default=300.0, min=0.0,
                 help="Seconds for which a step waits for Keystone, Trove or Mistral while they "
                 "can't be reached. Steps that undo, give back and report wait five minutes more."),
    cfg.FloatOpt("http_timeout_sec", default=20.0, min=1.0,
                 help="Seconds to wait for an answer of Trove or Mistral."),
]


def options(conf: cfg.ConfigOpts = cfg.CONF):
    """The group's values."""
    conf.register_opts(OPTS, group=GROUP)
    return conf[GROUP]


def list_opts():
    """For oslo-config-generator."""
    return [(GROUP, OPTS)]
