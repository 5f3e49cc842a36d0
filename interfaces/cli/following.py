"""How commands follow an upgrade to its end, what Ctrl-C does meanwhile, and the report."""
import dataclasses
import json
import sys

from ...planning.command_lines import with_options
from .. import outcome, report
from ..errors import ServiceError, Unreachable
from . import ask, options
from .base import Base, command

WATCH_ON, PAUSE, ABORT = "watch on", "pause after this wave", "abort"


class Following(Base):
    """A command that follows an upgrade and reports it."""

    def follow_to_end(self, upgrades, execution, args, ours):
        """Show the upgrade until it ends or pauses, report it and return the exit code.

        It is never left behind without a word.

        :param ours: whether it runs in an engine that ends with this command.
        """
        try:
            look = self._follow(upgrades, execution, ours)
            if look is None:
                self._say_how_to_go_on(execution, args)
                return outcome.RUNNING
            return self.finish(look, args)
        except KeyboardInterrupt:
            self._tell("Stopped. What was running is picked up", "resume", execution, args)
            return outcome.PAUSED
        except ServiceError as error:
            if isinstance(error, Unreachable) and not self.is_service(args):
                raise                      # the engine of another shell has ended: `take_over`
            self.app.LOG.error(error)
            self._tell("Go on", "resume", execution, args)
            return outcome.RUNNING

    def take_over(self, args, execution, error):
        """Go on after the engine went away: it was that of a command in another shell.

        ``error`` is raised again when that can't be the reason.
        """
        if not execution or self.is_service(args):
            raise error
        with self.connected(args) as (upgrades, ours):
            return self.follow_to_end(upgrades, execution, args, ours)

    def finish(self, look, args):
        """Report a Progress and return the exit code."""
        look = placed(look, args)
        if self._json:
            print(json.dumps(look.as_dict(), indent=2))
        else:
            for line in report.result_lines(look):
                self.write(line)
        if look.state == "PAUSED":
            self._tell("Go on", "resume", look.execution_id, args)
        elif not look.ended:
            self._say_how_to_go_on(look.execution_id, args)
        return outcome.exit_code(look)

    def _follow(self, upgrades, execution, ours):
        """Its last Progress, or None when a person no longer watches what goes on elsewhere."""
        asked = False
        while True:
            try:
                with report.reporter(sys.stderr if self._json else sys.stdout,
                                     plain=self._json) as show:
                    for look in upgrades.follow(execution):
                        show(look)
                return look
            except KeyboardInterrupt:
                if not ours:
                    return None
                if asked:
                    raise
                asked = self._interrupted(upgrades, execution)

    def _interrupted(self, upgrades, execution):
        """Ask what to do; return whether it was told to end or to pause."""
        answer = ask.choose("The upgrade runs in this process.", (WATCH_ON, PAUSE, ABORT)) \
            if ask.is_terminal() else PAUSE
        if answer == PAUSE:
            upgrades.pause(execution)
            self.write("Pausing when this wave has ended; Ctrl-C again to stop at once.")
        elif answer == ABORT:
            upgrades.abort(execution)
            self.write("Aborting when this wave has ended; Ctrl-C again to stop at once.")
        return answer != WATCH_ON

    def _say_how_to_go_on(self, execution, args):
        self.write("The upgrade goes on without being watched.")
        for words, verb in (("Watch it", "watch"), ("Pause it", "pause"), ("Abort it", "abort")):
            self._tell(words, verb, execution, args)

    def _tell(self, words, verb, execution, args):
        again = ", ".join(options.secrets_of(args))
        self.write(f"{words} with: {command(verb, args, execution)}"
                   + (f" (and {again}, which no output shows)" if again else ""))


def placed(look, args):
    """Return a Progress whose commands lead to the same engine, cloud and access files."""
    if not look.result:
        return look
    place = options.place_of(args)
    commands = {key: with_options(look.result.get(key, ""), place) for key in ("undo", "resume")
                if key in look.result}
    return dataclasses.replace(look, result={**look.result, **commands})
