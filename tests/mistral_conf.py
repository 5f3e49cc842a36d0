"""A mistral.conf that this process acts by, as an executor does."""
import warnings
from contextlib import contextmanager

from oslo_config import cfg
from trove_upgrade.lab.keystone import conf

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import config, sessions


@contextmanager
def in_force(directory):
    """read({section: {option: value}}), as often as wanted.

    At the end the process has no more sections than before: an option of a service user's that must
    be given would be missed in everybody else's configuration.
    """
    def read(sections):
        path = directory / "mistral.conf"
        path.write_text(conf.text(sections))
        cfg.CONF(["--config-file", str(path)])
        config.options()
        sessions._signed.cache_clear()
    before = set(cfg.CONF._groups)
    try:
        yield read
    finally:
        cfg.CONF.reset()
        for name in set(cfg.CONF._groups) - before:
            del cfg.CONF._groups[name]
        sessions._signed.cache_clear()
