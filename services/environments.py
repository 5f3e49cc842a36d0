"""Mistral's environments as the pack's notebook: a name is unique in its project, so creating one
is atomic."""
from typing import Any

from mistralclient.api.base import APIException
from oslo_utils import timeutils

from . import clients
from .sessions import Actor


class Environments:
    """Those of the actor's own project."""

    def __init__(self, actor: Actor):
        self._environments = clients.mistral(actor).environments

    def create(self, name: str, variables: dict[str, Any]) -> bool:
        """Whether it was not there before."""
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

    def replace(self, name: str, variables: dict[str, Any]) -> None:
        """Write all its variables anew."""
        self._environments.update(name=name, variables=variables)

    def delete(self, name: str) -> None:
        """Also when it is gone already."""
        try:
            self._environments.delete(name)
        except APIException as error:
            if error.error_code != 404:
                raise

    def is_older(self, name: str, seconds: int) -> bool:
        """Whether it was made so long ago; False when there is none."""
        found = self._get(name)
        return found is not None and timeutils.is_older_than(
            timeutils.normalize_time(timeutils.parse_isotime(found.created_at)), seconds)

    def named(self, prefix: str) -> dict[str, dict[str, Any]]:
        """Name -> variables of those whose name begins so."""
        return {one.name: one.variables for one in self._environments.list()
                if one.name.startswith(prefix)}

    def of_project(self, name: str, project_id: str) -> dict[str, Any] | None:
        """Variables of another project's, for admins, who see all; None when there is none."""
        found = [one.variables for one in self._environments.list(name=name)
                 if one.name == name and one.project_id == project_id]
        return found[0] if found else None

    def _get(self, name: str) -> Any:
        try:
            return self._environments.get(name)
        except APIException as error:
            if error.error_code == 404:
                return None
            raise
