"""The one error vocabulary of the pack (schemas/error.json)."""

RETRY = "retry"
ROLLBACK = "rollback"
STOP = "stop"


class UpgradeError(Exception):
    """Something that a person or a workflow has to know.

    :param code: stable name, ``[a-z_]+``.
    :param message: what happened to whom, and what to do next.
    :param klass: ``retry`` (may pass by itself), ``rollback`` (undo by on_failure), ``stop``
        (touch nothing more).
    :param instance: id of the member concerned, or empty.
    :ivar outage: Keystone, Trove or Mistral could not be reached, which is waited out.
    """

    outage = False

    def __init__(self, code: str, message: str, klass: str = ROLLBACK, instance: str = ""):
        super().__init__(message)
        self.code, self.message, self.klass, self.instance = code, message, klass, instance

    def as_dict(self) -> dict[str, str]:
        """The shape of schemas/error.json."""
        return {"code": self.code, "class": self.klass, "instance": self.instance,
                "message": self.message[:2000]}
