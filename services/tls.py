"""Sessions by the TLS options of a section of a service's .conf."""
import contextlib
from typing import Any

from keystoneauth1 import loading
from keystoneauth1.session import Session
from oslo_config import cfg


class _Loader(loading.session.Session):
    """Loads sessions of a subclass of keystoneauth's."""

    def __init__(self, kind: type[Session]):
        self._kind = kind

    @property
    def plugin_class(self) -> type[Session]:
        return self._kind


def session(conf: cfg.ConfigOpts, section: str, auth: Any, timeout_sec: float,
            cafile: str | None = None, kind: type[Session] = Session) -> Session:
    """A session with keystoneauth's own options in the section that has the credentials: cafile,
    certfile, keyfile, insecure and what else it knows.

    :param cafile: another option's value, which comes before the section's.
    """
    _register(conf, section)
    return _Loader(kind).load_from_conf_options(
        conf, section, auth=auth, timeout=timeout_sec,
        **({"cacert": cafile, "insecure": False} if cafile else {}))


def _register(conf: cfg.ConfigOpts, section: str) -> None:
    """The section of keystonemiddleware has options of the same names from it, with other help; it
    must have been first, as it fails otherwise."""
    with contextlib.suppress(ImportError):
        import keystonemiddleware.auth_token  # noqa: F401
    for option in loading.get_session_conf_options():
        with contextlib.suppress(cfg.DuplicateOptError):
            conf.register_opt(option, group=section)
