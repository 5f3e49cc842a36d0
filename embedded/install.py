"""Put workflow files into the engine's database: create them, or update them when they differ.

They are public, so that every project of a Keystone sees them, and belong to none.
Runs in the engine's process. A running execution keeps the text it was started with, and its
sub-workflows are found by name, so an update never takes a definition away.
"""
import pathlib

from mistral import context
from mistral.db.v2 import api as db_api
from mistral.services import security, workflows
from mistral.utils import safe_yaml
from oslo_log import log

from ..workflows import installed

LOG = log.getLogger(__name__)
SCOPE = "public"


def pack_files():
    """Return the paths of the pack's workflow files, and of other packages' datastores."""
    return [pathlib.Path(path) for path in installed()]


def install(paths, validate=True):
    """Install the files; raise ValueError that names the file when one is not a workflow.

    Validation takes half a second a file; the pack's own tests do it for the pack's files.
    """
    context.set_ctx(context.MistralContext(is_admin=True))
    try:
        for path in paths:
            _install_file(pathlib.Path(path), validate)
    finally:
        context.set_ctx(None)


def _install_file(path, validate):
    try:
        text = path.read_text(encoding="utf-8")
        _create_or_update(text, validate)
    except Exception as error:
        raise ValueError(f"{path}: {error}") from error


def _create_or_update(text, validate):
    with db_api.transaction(read_only=True):
        # As administrator we also see the workflows that tenants have given the same name.
        mine = security.get_project_id()
        known = next((each for each in db_api.get_workflow_definitions(name=_name(text))
                      if each.scope == SCOPE or each.project_id == mine), None)
        if known is not None and (known.definition, known.scope) == (text, SCOPE):
            return
        identity = known and known.id
    if identity is None:
        workflows.create_workflows(text, scope=SCOPE, validate=validate)
    else:
        workflows.update_workflows(text, scope=SCOPE, identifier=identity, validate=validate)
    LOG.info("Installed workflow %s", _name(text))


def _name(text):
    return next(key for key in safe_yaml.load(text) if key != "version")
