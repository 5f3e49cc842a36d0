"""What the real engine makes of the flows here, to which tests/unit/walker.py is held, too."""

NOTHING = {"way": ["first"], "seen": "nothing", "left": "done"}
TOLD = {"result": "It was not handled.", "way": ["first"], "seen": {"class": "told"}}

# (workflow, inputs, state, output); of a failure that nobody tells, how its text begins.
CASES = {
    "a loop": ("sample.chain", {"count": 3}, "SUCCESS", {"n": 3}),
    "no guard is true": ("sample.guards", {"next": "else"}, "SUCCESS",
                         {"way": ["first"], "seen": "else", "left": "done"}),
    "the first guard is true": ("sample.guards", {"next": "second"}, "SUCCESS",
                                {"way": ["first", "second"], "seen": "second", "left": "done"}),
    "noop": ("sample.guards", {"next": "nothing"}, "SUCCESS", NOTHING),
    "fail": ("sample.guards", {"next": "failure"}, "ERROR",
             {"result": "It said failure.", "way": ["first"], "seen": "failure"}),
    "a handled error": ("sample.guards", {"fails": True, "error": {"class": "handled"}},
                        "SUCCESS", {"way": ["first", "second"], "seen": {"class": "handled"},
                                    "left": ""}),
    "fail in a handler": ("sample.guards", {"fails": True, "error": {"class": "told"}}, "ERROR",
                          TOLD),
    "an error that no guard takes": (
        "sample.guards", {"fails": True, "error": {"class": "other"}}, "ERROR",
        {"result": "Failure caused by error in tasks: \n", "way": ["first"],
         "seen": {"class": "other"}}),
    "tried again": ("sample.tries", {"class": "retry"}, "ERROR",
                    {"result": "Failure caused by error in tasks: work\n",
                     "failure": {"class": "retry"}}),
    "not tried again": ("sample.tries", {"class": "stop"}, "ERROR",
                        {"result": "Failure caused by error in tasks: work\n",
                         "failure": {"class": "stop"}}),
    "items": ("sample.items", {"classes": ["", ""]}, "SUCCESS", {"found": ["done", "done"]}),
    "no items": ("sample.items", {"classes": []}, "SUCCESS", {"found": []}),
    "an item that fails": ("sample.items", {"classes": ["told", "", "handled"]}, "ERROR",
                           {"result": "One of them failed.", "found": [
                               TOLD, NOTHING, {"way": ["first", "second"], "left": "nothing",
                                               "seen": {"class": "handled"}}]}),
    "a part": ("sample.entry", {"fault": False}, "SUCCESS", {
        "read": {"fault": False, "delay_sec": 0, "count": 20}, "failure": None,
        "published": {"fault": False, "delay_sec": 0, "count": 20}}),
    "a part that fails": ("sample.entry", {"fault": True}, "ERROR", {
        "result": "The part failed.", "failure": [{"code": "broken"}]}),
    "waves of items": ("sample.roll", {"waves": [["b", "c"], ["d"]], "delay_sec": 0}, "SUCCESS",
                       {"done": ["b", "c", "d"]}),
}
TRIES = {"retry": 3, "stop": 1}     # of sample.tries, by the class of its error


def cut(output, wanted):
    """The output, with the engine's own account of a failure cut to what is wanted of it."""
    text = output.get("result")
    if isinstance(text, str) and text.startswith(wanted.get("result", "-")):
        return output | {"result": wanted["result"]}
    return output
