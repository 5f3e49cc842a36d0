"""Everything that the Python API raises: one family, each text a sentence or two for people."""

MAX_WORDS = 300


def words_of(said) -> str:
    """What an exception or a service says, as one short line; empty when it says nothing.

    Clients hand on bytes where a service, or a proxy before it, answers with no JSON.
    """
    if isinstance(said, BaseException):
        said = said.args[0] if said.args and isinstance(said.args[0], bytes) else str(said)
    if isinstance(said, bytes):
        said = said.decode(errors="replace")
    line = " ".join(str(said).split())
    return line if len(line) <= MAX_WORDS else line[:MAX_WORDS - 3] + "..."


class ClientError(Exception):
    """What was asked for did not happen; the text says why, and what to do next."""


class BadInput(ClientError):
    """An input is unknown or has a value that is not allowed; nothing was asked of any service."""


class ClusterNotFound(ClientError):
    """Trove has no such cluster for this user, or several of that name."""


class UpgradeNotFound(ClientError):
    """There is no such upgrade."""


class UnderUpgrade(ClientError):
    """Somebody upgrades the cluster right now.

    :ivar execution_id: the execution that does.
    """

    def __init__(self, execution_id: str):
        super().__init__(f"Execution {execution_id} upgrades this cluster. Wait for it, or abort "
                         "it.")
        self.execution_id = execution_id


class Refused(ClientError):
    """The preflight checks, or the lack of a rollback path, forbid it; nothing was changed.

    :ivar plan: the plan with all its checks (schemas/plan.json), or None when none was made.
    """

    def __init__(self, message: str, plan=None):
        super().__init__(message)
        self.plan = plan


class TookTooLong(ClientError):
    """It has not ended in the time that was given; it goes on."""


class ServiceError(ClientError):
    """Mistral or Trove refused a request or does not answer; the text says what it said."""


class Forbidden(ServiceError):
    """The user may not do that."""


class Unreachable(ServiceError):
    """A service does not answer at all."""


class ConnectionFailed(ClientError):
    """No cloud is configured, or a service is not in its catalog; the text says what to do."""
