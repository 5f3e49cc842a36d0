"""What a member of a datastore runs that the lab has no servers of: nothing at all."""
from .server import StartError


class Nothing:
    """Stands in for a server of a datastore that the lab has no binaries of.

    It starts, stops and is whole by its own word. Good for what Trove knows of a member,
    not for what a client would see.
    """

    bad_options = ("--this-option-does-not-exist",)
    started = True

    def __init__(self) -> None:
        self.up = False

    def prepare(self) -> None:
        """Nothing to write."""

    def start(self, version: str, *options: str) -> None:
        if options:                        # only a fault gives any
            raise StartError(f"a server does not know {options[0]}")
        self.up = True

    def furnish(self, version: str) -> None:
        self.start(version)

    def freeze(self) -> None:
        self.up = False

    def wait_until_serving(self) -> None:
        """It serves at once."""

    def stop(self) -> str:
        self.up = False
        return "terminated"

    kill = end = stop

    def answers(self) -> bool:
        return self.up

    def role(self) -> str:
        return "member"

    def is_whole(self) -> bool:
        return self.up
