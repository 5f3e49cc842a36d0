"""Stands in for Nova's API, as far as trove-dashboard asks it: flavors.

Its tables show the size of an instance, which they look up at Nova and not at Trove. The answers
have the form of the Compute API reference (Versions, Flavors) at microversion 2.1; the flavors are
those of Trove's own fake Nova, which doubles.compute gives to Trove. Any token does: nothing here
is worth a lock.
"""
import re

from webob import Request, Response

FLAVORS = (("1", "m1.tiny", 512), ("2", "m1.small", 2048), ("3", "m1.medium", 4096),
           ("4", "m1.large", 8192), ("5", "m1.xlarge", 16384), ("6", "m1.nano", 64))


def application(environ, start_response):
    """WSGI."""
    request = Request(environ)
    return _answer(request)(environ, start_response)


def _answer(request: Request) -> Response:
    if "X-Auth-Token" not in request.headers:
        return Response(status=401)
    path = request.path_info.rstrip("/")
    if path in ("", "/v2.1"):
        return Response(json_body={"version": _version(request), "versions": [_version(request)]})
    if path in ("/v2.1/flavors", "/v2.1/flavors/detail"):
        return Response(json_body={"flavors": [_flavor(*each) for each in FLAVORS]})
    found = re.fullmatch(r"/v2.1/flavors/(\w+)", path)
    known = {each[0]: each for each in FLAVORS}
    if found and found[1] in known:
        return Response(json_body={"flavor": _flavor(*known[found[1]])})
    return Response(status=404, json_body={"itemNotFound": {"code": 404, "message": "Not here."}})


def _version(request: Request) -> dict:
    return {"id": "v2.1", "status": "CURRENT", "version": "2.1", "min_version": "2.1",
            "links": [{"rel": "self", "href": request.application_url + "/v2.1/"}]}


def _flavor(identifier: str, name: str, ram: int) -> dict:
    return {"id": identifier, "name": name, "ram": ram, "vcpus": 1, "disk": 1, "swap": "",
            "links": [], "os-flavor-access:is_public": True, "OS-FLV-EXT-DATA:ephemeral": 0,
            "OS-FLV-DISABLED:disabled": False, "rxtx_factor": 1.0}
