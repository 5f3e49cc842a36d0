"""Keystone, Trove and Mistral as far as first contact needs them: real HTTP, by TLS or not.

Each has an endpoint of its own path in every region, so that who was asked is seen.
"""
import http.server
import json
import ssl
import threading

PASSWORD = "right"
ONE, TWO = "RegionOne", "RegionTwo"
# Paths at which something else stands: (status, text, headers).
ELSEWHERE = {"page": (200, "<html>It works!</html>", {"Content-Type": "text/html"}),
             "null": (200, "null", {}),
             "broken": (503, "", {}),
             "circle": (302, "", {"Location": "/circle"})}
VERSION = {"id": "v-new", "name": "9.1.2", "datastore": "d", "active": True}
CLUSTERS = [{"id": f"c-{number}", "name": name, "instances": [], "task": {"name": "NONE"},
             "datastore": {"type": "redis", "version": "8.1.8"}}
            for number, name in enumerate(("shop", "twins", "twins"))]


class Quiet(http.server.ThreadingHTTPServer):
    """Says nothing of clients that do not trust it."""

    def handle_error(self, *_):
        """They say it."""


class SmallCloud:
    """Listens at ``url``. ``catalog``: [(type, region, interface, url)]; ``seen``: paths asked,
    ``changed``: those of them that were to change something."""

    def __init__(self, certificate=None, clients=None):
        self.seen: list[str] = []
        self.changed: list[str] = []
        self.clusters, self.versions, self.broken = CLUSTERS, [VERSION], False
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                asked, first = self.rfile.read(length), self.path.split("/")[1]
                if first == "hangs-up":
                    return
                if self.path.startswith("http://"):     # as a proxy is asked
                    status, text, more = 407, "", {}
                elif cloud.broken:
                    status, text, more = ELSEWHERE["broken"]
                elif first in ELSEWHERE:
                    status, text, more = ELSEWHERE[first]
                else:
                    status, body, more = cloud.answer(self.command, self.path, asked)
                    text = json.dumps(body)
                text = text.encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json",
                                    "Content-Length": str(len(text)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)
            do_GET = do_POST = answer       # noqa: N815  http.server's names

            def log_message(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if clients:         # file of the authorities whose certificates it wants of them
                context.load_verify_locations(clients)
                context.verify_mode = ssl.CERT_REQUIRED
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.server.server_port}"
        self.catalog = [(kind, region, interface, f"{self.url}/{kind}/{region}/{interface}")
                        for kind in ("database", "workflowv2") for region in (ONE, TWO)
                        for interface in ("public", "internal")]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def env(self, **more):
        """OS_* variables of its user."""
        return {"OS_AUTH_URL": f"{self.url}/v3", "OS_USERNAME": "u", "OS_PASSWORD": PASSWORD,
                "OS_PROJECT_NAME": "p", "OS_USER_DOMAIN_NAME": "Default",
                "OS_PROJECT_DOMAIN_NAME": "Default", **more}

    def answer(self, method, path, body):
        """(status, document, headers)."""
        self.seen.append(path)
        path = path.split("?")[0]
        if path in ("/v3", "/v3/"):
            return 200, {"version": {"id": "v3.14", "status": "stable", "links": [
                {"rel": "self", "href": f"{self.url}/v3/"}]}}, {}
        if (method, path) == ("POST", "/v3/auth/tokens"):
            return self._token(json.loads(body))
        parts = path.split("/")[4:]
        if method == "POST":
            self.changed.append(path)
            return 202, {}, {}
        return (*self._trove(parts), {}) if path.startswith("/database") else \
            (200, {"executions": [], "workflows": []}, {}) if path.startswith("/workflow") else \
            (404, {"error": {"message": "Not here.", "code": 404}}, {})

    def _token(self, asked):
        user = asked["auth"]["identity"].get("password", {}).get("user", {})
        if (user.get("name"), user.get("password")) != ("u", PASSWORD):
            return 401, {"error": {"message": "The request you have made requires "
                                   "authentication.", "code": 401}}, {}
        services: dict = {}
        for kind, region, interface, url in self.catalog:
            services.setdefault(kind, []).append({
                "region": region, "region_id": region, "interface": interface, "url": url,
                "id": url})
        project = {"project": {"id": "p", "name": "p", "domain": {
            "id": "default", "name": "Default"}}, "catalog": [
                {"type": kind, "name": kind, "id": kind, "endpoints": listed}
                for kind, listed in services.items()]} if "scope" in asked["auth"] else {}
        return 201, {"token": {
            "methods": ["password"], "expires_at": "2999-01-01T00:00:00.000000Z", "roles": [],
            "issued_at": "2026-01-01T00:00:00.000000Z", "user": {"id": "u", "name": "u", "domain": {
                "id": "default", "name": "Default"}}, **project}}, {"X-Subject-Token": "t"}

    def _trove(self, parts):
        missing = 404, {"itemNotFound": {"message": "Resource cannot be found.", "code": 404}}
        match parts:
            case ["clusters"]:
                return 200, {"clusters": self.clusters}
            case ["clusters", wanted]:
                found = [one for one in self.clusters if one["id"] == wanted]
                return (200, {"cluster": found[0]}) if found else missing
            case ["datastores", "redis", "versions"]:
                return 200, {"versions": self.versions}
            case ["datastores", "redis"]:
                return 200, {"datastore": {"id": VERSION["datastore"], "name": "redis"}}
            case ["datastores", "versions", "v-other"]:
                return 200, {"version": VERSION | {"id": "v-other", "name": "10.11",
                                                   "datastore": "another"}}
            case ["datastores", "redis", "versions", "7.2.4"]:      # Trove shows an inactive one
                return 200, {"version": VERSION | {"id": "v-old", "name": "7.2.4"}}
            case ["datastores", "redis", "versions", name]:         # as Trove says it
                return 400, {"badRequest": {"code": 400, "message": f"Datastore version '{name}' "
                                            "cannot be found."}}
        return missing
