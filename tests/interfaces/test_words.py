"""What services say, when it is no sentence."""
import pytest
from keystoneauth1 import exceptions as ks
from mistralclient.api.base import APIException
from trove_upgrade.interfaces.errors import ClientError
from trove_upgrade.interfaces.services import service_errors
from trove_upgrade.services.errors import explain

SAID = [APIException(503, b""), APIException(503, ""), APIException(503, None),
        APIException(503, b" \r\n"), APIException(502, b"<html>\n<b>Bad  gateway</b> \xff</html>"),
        APIException(500, "x" * 5000), ks.ServiceUnavailable(""), ks.InternalServerError()]


@pytest.mark.parametrize("error", SAID, ids=repr)
def test_no_message_holds_bytes_or_an_empty_quote(error):
    with pytest.raises(ClientError) as caught, service_errors():
        raise error
    for text in (str(caught.value), explain(error).message):
        assert "b'" not in text
        assert "None" not in text
        assert "\n" not in text
        assert not text.endswith((":", ": "))
        assert len(text) < 400


def test_what_a_proxy_says_is_told():
    with pytest.raises(ClientError, match="Mistral says: <html> <b>Bad gateway</b>"), \
            service_errors():
        raise SAID[4]
    with pytest.raises(ClientError, match="status 503 and without a word. Is a proxy in between"), \
            service_errors():
        raise SAID[0]
