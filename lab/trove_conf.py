"""The configuration of the lab's Trove, and the datastores it knows."""
from dataclasses import dataclass
from pathlib import Path

from .kinds import kind

MORE = "more.conf"      # further options, of the lab's maker; may hold a password
PASTE = Path(__file__).with_name("api-paste.ini")
DOUBLES = "trove_upgrade.lab.doubles"

TEMPLATE = """\
[DEFAULT]
transport_url = fake:/
control_exchange = trove
enable_secure_rpc_messaging = False
report_interval = 0
remote_nova_client = {doubles}.compute.client
remote_cinder_client = {doubles}.volume.client
remote_neutron_client = {doubles}.network.client
remote_glance_client = {doubles}.image.client
remote_guest_client = {doubles}.guest.client
remote_swift_client = trove.tests.fakes.swift.fake_create_swift_client
# Trove calls Swift directly in places; nothing listens there.
swift_url = http://127.0.0.1:1/v1/AUTH_
trove_dns_support = False
trove_security_groups_support = False
trove_volume_support = True
usage_sleep_time = 1
bind_host = 127.0.0.1
api_paste_config = {paste}
log_file = {directory}/trove.log
use_stderr = False
default_log_levels = routes.middleware=ERROR,sqlalchemy=WARN,alembic=WARN,stevedore=WARN
max_instances_per_tenant = 1000
max_ram_per_tenant = -1
max_volumes_per_tenant = 10000
max_backups_per_tenant = 1000
http_get_rate = 1000000
http_post_rate = 1000000
http_put_rate = 1000000
http_delete_rate = 1000000

[database]
connection = sqlite:///{directory}/trove.sqlite

[oslo_messaging_notifications]
driver = noop
"""


@dataclass(frozen=True)
class Version:
    """A datastore version as Trove registers it; name and number are the same here."""

    datastore: str
    manager: str
    number: str
    active: bool = True


# Beside what the lab's own kind runs; members of other datastores run nothing.
INACTIVE = Version("redis", "redis", "9.0.0", active=False)     # there, and not to be used
STRANGERS = (
    Version("redis", "redis", "8.1.8"),
    Version("mariadb", "mariadb", "10.11.18"),
    Version("mariadb", "mariadb", "10.11.19"),
    Version("mysql", "mysql", "8.0.42"),
)


def write(directory: Path) -> list[Path]:
    """Write DIR/trove.conf; returns the configuration files, the later the stronger."""
    path = directory / "trove.conf"
    path.write_text(TEMPLATE.format(doubles=DOUBLES, paste=PASTE, directory=directory))
    return [path, *directory.glob(MORE)]


def datastores(settings) -> list[Version]:
    """All versions that this lab's Trove knows, the default one of each datastore first."""
    own = kind(settings.kind)
    return [*(Version(own.datastore, own.manager, number) for number in settings.binaries),
            INACTIVE, *(one for one in STRANGERS if one.datastore != own.datastore)]


def register_datastores(settings) -> None:
    """Put them into Trove's database, as `trove-manage` would."""
    from trove.common.cfg import CONF
    from trove.datastore import models
    known = datastores(settings)
    for version in known:
        models.update_datastore(version.datastore, None)
        models.update_datastore_version(
            version.datastore, version.number, version.manager, "lab-image", [], "",
            int(version.active), "trove.extensions.common.service.DefaultRootController",
            # Trove looks the default up in an option that some of its datastores lack.
            None if "replication_namespace" in CONF.get(version.manager) else "none",
            version=version.number)
    for name, first in {v.datastore: v for v in reversed(known) if v.active}.items():
        models.update_datastore(name, first.number)
