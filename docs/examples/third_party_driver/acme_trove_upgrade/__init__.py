"""AcmeDB for trove-upgrade: a driver and a workflow."""
from importlib import resources


def paths():
    """Paths of the workflow files; Mistral's ``populate`` and trove-upgrade call this."""
    return [str(resources.files(__package__) / "acme.yaml")]
