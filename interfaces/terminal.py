"""The edge to a terminal: foreign texts are shown, not obeyed, and output that fails ends nothing.

Names and messages come from tenants, servers, Trove and Mistral. A terminal would obey what is in
them: escape sequences, carriage returns, characters that turn the direction of the text.
"""
import contextlib
import io
import logging
import os
import pathlib
import re
import shutil
import unicodedata

OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")     # control, format (bidi too), surrogate, line, paragraph
MINUTE, HOUR = 60, 3600
BREAKS = re.compile(r"[ \t]*\r?\n\s*|\t")


def shown(text):
    """Return the text as one line without anything that a terminal obeys: ESC becomes ``\\x1b``."""
    return "".join(_escaped(one) for one in BREAKS.sub(" ", str(text)))


def _escaped(character):
    if unicodedata.category(character) not in OBEYED:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode()


def duration(seconds):
    """Return a length of time as people read it: ``95 s``, ``12 min 5 s``, ``3 h 20 min``."""
    seconds = round(seconds)
    if seconds < 2 * MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min {seconds % MINUTE} s"
    return f"{seconds // HOUR} h {seconds % HOUR // MINUTE} min"


def width_of(stream):
    """Return the characters of a line on a terminal; None for a pipe, which gets all."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


class Output:
    """A stream that writes what it can.

    A character that the terminal lacks is written as its escape. A pipe that nobody reads any more
    is no reason to end an upgrade in its middle: what can't be written is lost.
    """

    def __init__(self, stream):
        self._stream = stream

    def write(self, text):
        """As any stream's; raises nothing."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self):
        """As any stream's; raises nothing."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name):
        return getattr(self._stream, name)


@contextlib.contextmanager
def patient_output(stdout, stderr):
    """Make both streams such outputs, also for what Python itself does at the end.

    One that was closed before the start is None.
    """
    stdout, stderr = (one or io.StringIO() for one in (stdout, stderr))
    with contextlib.redirect_stdout(Output(stdout)), contextlib.redirect_stderr(Output(stderr)):
        try:
            yield
        finally:
            for stream in (stdout, stderr):
                _give_up_closed(stream)


def _give_up_closed(stream):
    """Python flushes at its end and would exit with 120."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with (contextlib.suppress(OSError, ValueError),
              pathlib.Path(os.devnull).open("wb") as nothing):
            os.dup2(nothing.fileno(), stream.fileno())


class LogLine(logging.Formatter):
    """A record's message is one line, and so is each line of its traceback."""

    def formatMessage(self, record):  # noqa: N802  logging's name
        """Return the message's line."""
        return shown(super().formatMessage(record))

    def format(self, record):
        """Return the record's lines."""
        return "\n".join(shown(line) for line in super().format(record).split("\n"))
