"""Whether a panel of somebody else is switched on. Imports nothing of Horizon or Django."""
import sys


def is_on(panel: str) -> bool:
    """Whether an enabled file that was read before adds the panel of this slug.

    Horizon reads the files in order of their names; one that is added twice stands twice in the
    menu.
    """
    files = [module for name, module in list(sys.modules.items()) if ".enabled._" in name]
    return any(getattr(one, "PANEL", None) == panel and getattr(one, "ADD_PANEL", None)
               and not getattr(one, "DISABLED", False) for one in files)
