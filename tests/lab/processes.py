"""Who works for a lab: to see that nobody is left."""
import psutil


def processes(directory) -> list[psutil.Process]:
    """All that work in or for a lab's, or a cloud's, directory."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        facts = process.info
        named = " ".join(facts["cmdline"] or []) + (facts["cwd"] or "")
        if facts["status"] != psutil.STATUS_ZOMBIE and str(directory) in named:
            found.append(process)
    return found


def alive(found: list[psutil.Process]) -> list[psutil.Process]:
    """Those of them that have not ended."""
    return [one for one in found if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
