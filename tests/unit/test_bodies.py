"""Bodies at Trove's API: bounded when they are ours, untouched when they are not."""
import io

import pytest
import webob.exc
from trove_upgrade.interfaces.trove_api import reading

LIMIT = reading.LIMIT_BYTES
DEEP = b"[" * 100_000 + b"]" * 100_000
PADDED = b" " * 10 + b'{"upgrade": {"datastore_version": "9"}' + b" " * LIMIT + b"}"


class Input(io.BytesIO):
    """A server's, which gives little at a time and must not be read beyond its end."""

    def __init__(self, data):
        super().__init__(data)
        self.given = 0

    def read(self, size=-1):
        assert size == -1 or self.given + size <= len(self.getvalue())
        found = super().read(size if size == -1 else min(size, 1000))
        self.given += len(found)
        return found


def environ(data, **more):
    return {"wsgi.input": Input(data), "CONTENT_LENGTH": str(len(data)), **more}


@pytest.mark.parametrize("data", [b"", b"{}", b"x" * LIMIT, b"x" * (LIMIT + 1), b"y" * 2_000_000])
def test_no_more_than_the_bound_is_read_and_all_of_it_can_be_read_again(data):
    given = environ(data)
    source = given["wsgi.input"]
    for _ in range(2):          # a second filter may look, too
        assert reading.peek(given) == data[:LIMIT + 1]
    assert source.given <= LIMIT + 1
    again = given["wsgi.input"]
    assert again.read(min(3, len(data))) + again.read() == data


@pytest.mark.parametrize("length", ["", "-5", "x", "1e3", None])
def test_a_length_that_is_none_is_no_body(length):
    assert reading.peek(environ(b"{}", CONTENT_LENGTH=length)) == b""


def test_a_body_in_chunks_is_bounded_too():
    given = environ(b"z" * 200_000, CONTENT_LENGTH="", **{"wsgi.input_terminated": True})
    assert len(reading.peek(given)) == LIMIT + 1


@pytest.mark.parametrize("body", [
    b'{"upgrade": {"datastore_version": "9"}}', b'{"upgrade": null}', b'{"upgrade": []}', PADDED,
    b'{"\\u0075pgrade": ' + DEEP + b"}", b'{"upgrade": ' + b"[" * 900 + b"]" * 900 + b"}"])
def test_upgrades_are_ours_however_wrong(body):
    assert reading.is_action(reading.JSON, body[:LIMIT + 1], "upgrade")


@pytest.mark.parametrize("body", [
    b"", b"null", b'["upgrade"]', b'"upgrade"', b'{"upgrade": {}, "grow": 1}', b"\xff", b"{",
    b'{"grow": []}', b'{"grow": "' + b"x" * 60_000_000 + b'"}', DEEP, b'{"grow": ' + DEEP,
    b'{"a": {"upgrade": {}}}', b'{"upgrade2": {}}', b" " * LIMIT + b"  ", b'{"\\ud8": ' + DEEP])
def test_everything_else_is_not(body):
    assert not reading.is_action(reading.JSON, body[:LIMIT + 1], "upgrade")


@pytest.mark.parametrize(("kind", "body", "ours"), [
    ("application/xml", b'<?xml version="1.0"?>\n<upgrade datastore_version="9"/>', True),
    ("application/xml", b"<grow><upgrade/></grow>", False), ("application/xml", b"\xff<", False),
    ("text/plain", b'{"upgrade": {}}', False), ("", b'{"upgrade": {}}', False)])
def test_trove_reads_xml_too_and_nothing_else(kind, body, ours):
    assert reading.is_action(kind, body, "upgrade") == ours


@pytest.mark.parametrize(("body", "error"), [
    (b"x" * (LIMIT + 1), webob.exc.HTTPRequestEntityTooLarge),
    (DEEP[:LIMIT], webob.exc.HTTPBadRequest), (b"\xff", webob.exc.HTTPBadRequest),
    (b'{"cluster": ' + b"[" * 7 + b"1" + b"]" * 7 + b"}", webob.exc.HTTPBadRequest),
    (b"9" * 5000, webob.exc.HTTPBadRequest)])
def test_what_costs_much_is_refused(body, error):
    with pytest.raises(error):
        reading.ours(body)


def test_a_body_within_the_bounds_is_its_value():
    assert reading.ours(b'{"cluster": {"datastore_version": "9"}}') == {
        "cluster": {"datastore_version": "9"}}
    assert reading.ours(b"[[[[[[[1]]]]]]]") == [[[[[[[1]]]]]]]
