"""A datastore of somebody else, for trove-upgrade: nothing in trove-upgrade changes."""
from setuptools import setup

setup(
    name="acme-trove-upgrade",
    version="1.0.0",
    description="Upgrades of AcmeDB clusters with trove-upgrade",
    packages=["acme_trove_upgrade"],
    package_data={"acme_trove_upgrade": ["*.yaml"]},
    install_requires=["trove-upgrade"],
    entry_points={
        "trove_upgrade.datastores": ["acme = acme_trove_upgrade.driver:AcmeDriver"],
        "mistral.preinstalled_workflows": ["acme = acme_trove_upgrade:paths"],
    },
)
