"""Mistral's environments, where the pack keeps its records.

A name is unique in its project, so creating an environment is atomic. Mistral also shows, and finds
by their name, what other projects have made public, and shows an administrator everything. Nobody
else's environment is ever believed or written to.
"""
from typing import Any

from mistralclient.api.base import APIException
from oslo_utils import timeutils

from . import clients
from .sessions import Actor


class Environments:
    """The environments of the actor's own project."""

    def __init__(self, actor: Actor):
        self._environments = clients.mistral(actor).environments
        self._project_id = actor.project_id

    def create(self, name: str, variables: dict[str, Any]) -> bool:
        """Create it; False when one of that name exists already, which stays as it is."""
        try:
            self._environments.create(name=name, variables=variables)
        except APIException as error:
            if error.error_code == 409:
                return False
            raise
        return True

    def read(self, name: str) -> dict[str, Any] | None:
        """Its variables, or None."""
        found = self._get(name)
        return found and found.variables

    def write(self, name: str, variables: dict[str, Any]) -> None:
        """Write all its variables, whether it is there or not."""
        found = self._named(name)
        if found or not self.create(name, variables):
            self._change(name, variables, found or self._named(name))

    def replace(self, name: str, variables: dict[str, Any]) -> None:
        """Write all its variables anew."""
        self._change(name, variables, self._named(name))

    def _change(self, name: str, variables: dict[str, Any], found: list[Any]) -> None:
        if all(map(self._is_own, found)):
            self._environments.update(name=name, variables=variables)
        else:       # Mistral would change any of them
            self.delete(name)
            self.create(name, variables)

    def delete(self, name: str) -> None:
        """Delete it; no error when there is none."""
        try:
            self._environments.delete(name)
        except APIException as error:
            if error.error_code != 404:
                raise

    def is_older(self, name: str, seconds: int) -> bool:
        """Whether it was created more than so many seconds ago; False when there is none."""
        found = self._get(name)
        return found is not None and timeutils.is_older_than(
            timeutils.normalize_time(timeutils.parse_isotime(found.created_at)), seconds)

    def named(self, prefix: str) -> dict[str, dict[str, Any]]:
        """Variables by name, of all whose name begins with the prefix."""
        return {one.name: one.variables for one in self._environments.list(name=f"has:{prefix}")
                if one.name.startswith(prefix) and self._is_own(one)}

    def of_project(self, name: str, project_id: str) -> dict[str, Any] | None:
        """Variables of another project's environment; only an admin sees it. None when there is
        none."""
        found = [one.variables for one in self._environments.list(name=name)
                 if one.name == name and one.project_id == project_id]
        return found[0] if found else None

    def _get(self, name: str) -> Any:
        """The project's own of this name, or None."""
        return next(filter(self._is_own, self._named(name)), None)

    def _named(self, name: str) -> list[Any]:
        """All of this name that Mistral shows, whoever made them."""
        return [one for one in self._environments.list(name=name) if one.name == name]

    def _is_own(self, found: Any) -> bool:
        return self._project_id in ("", found.project_id)
