"""Mistral's environments of one project, in memory."""


class Notes:
    """As services.environments.Environments; ``kept``: variables by name."""

    def __init__(self):
        self.kept = {}

    def create(self, name, variables):
        return self.kept.setdefault(name, variables) is variables

    def read(self, name):
        return self.kept.get(name)

    def write(self, name, variables):
        self.kept[name] = variables

    def delete(self, name):
        self.kept.pop(name, None)

    def named(self, prefix):
        return {name: one for name, one in self.kept.items() if name.startswith(prefix)}
