"""With the filter everything that is not an upgrade is as without it, byte for byte."""
import itertools
import re

import pytest

XDIST_GROUP = "apis 2"
CLUSTER = "11111111-2222-4333-8444-555555555555"
MEMBER = "66666666-7777-4888-8999-000000000000"
KNOWN = {"id": CLUSTER, "cluster_id": CLUSTER, "instance_id": MEMBER, "datastore": "redis",
         "datastore_id": "redis", "version": "8.1.8"}
JSON = {"Content-Type": "application/json"}
BODIES = ({}, {"data": b"{}", "headers": JSON}, {"data": b"[1]", "headers": JSON},
          {"data": b"{", "headers": JSON},
          {"data": b"x", "headers": {"Content-Type": "text/plain"}},
          {"data": b"<a><b>1</b></a>", "headers": {"Content-Type": "application/xml"}})
TOKENS = ("demo", "admin", "other")
INSTANCE = b'[{"flavorRef": "1", "volume": {"size": 1}}]'

# What is different at each request; a moment and an id are replaced by a word.
PASSING = ((rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", b"ID"),
           (rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", b"MOMENT"),
           (rb"https?://127\.0\.0\.1:\d+", b"HOST"))
ACTIONS = [b'{"grow": ' + INSTANCE + b"}", b'{"shrink": [{"id": "%s"}]}' % MEMBER.encode(),
           b'{"shrink": [{"id": "no uuid"}]}', b'{"restart": {}}', b'{"reset-status": {}}',
           b'{"reset-status": {"force_delete": true}}', b'{"add_shard": {}}',
           b'{"configuration_attach": {"configuration_id": "x"}}', b'{"configuration_detach": {}}',
           b'{"explode": {}}', b'{"upgrade": {"datastore_version": "9.1.2"}, "restart": {}}',
           b'{"restart": {}, "upgrade": {"datastore_version": "9.1.2"}}', b'["upgrade"]',
           b'"upgrade"', b"null", b"5", b""]
CREATE = (b'{"cluster": {"name": "x", "datastore": {"type": "redis", "version": "8.1.8"}, '
          b'"instances": ' + INSTANCE + b"}}")
UPGRADE = {"data": b'{"upgrade": {"datastore_version": "9.1.2"}}', "headers": JSON}
ODD = [("PUT", f"/clusters/{CLUSTER}", {}), ("PATCH", "/clusters", {}), ("PATCH", "/clusters/", {}),
       ("GET", f"/cluster/{CLUSTER}", {}), ("POST", f"/cluster/{CLUSTER}", UPGRADE),
       ("DELETE", f"/cluster/{CLUSTER}", {}), ("POST", f"/clusters/{CLUSTER}/upgrade", UPGRADE),
       ("PATCH", f"/clusters/{CLUSTER}/upgrade", UPGRADE), ("HEAD", f"/clusters/{CLUSTER}", {}),
       ("OPTIONS", f"/clusters/{CLUSTER}", {}), ("GET", f"/clusters/{CLUSTER}/", {}),
       ("GET", f"/clusters/{CLUSTER}.json", {}), ("POST", f"/clusters/{CLUSTER}/action", UPGRADE),
       ("POST", f"/clusters/{CLUSTER}?_method=DELETE", {}),
       ("POST", f"/clusters/{CLUSTER}?_method=GET", UPGRADE), ("PATCH", f"/instances/{MEMBER}", {}),
       ("POST", "/clusters", {"data": CREATE, "headers": JSON}),
       ("POST", f"/clusters/{CLUSTER}", {"data": b'{"restart": {}}'}),       # no content type
       ("POST", f"/clusters/{CLUSTER}", {"data": UPGRADE["data"]}),
       ("POST", f"/clusters/{CLUSTER}", {"data": UPGRADE["data"],
                                         "headers": {"Content-Type": "text/plain"}}),
       ("POST", f"/clusters/{CLUSTER}", {"data": b"\xff", "headers": JSON}),
       ("GET", f"/mgmt/clusters/{CLUSTER}", {}), ("GET", "/mgmt/clusters", {}),
       ("POST", f"/mgmt/clusters/{CLUSTER}/action", {"data": b'{"reset-task": {}}',
                                                     "headers": JSON}),
       ("GET", "/extensions", {}), ("GET", "/nothing", {}), ("GET", "/clusters?limit=1", {}),
       ("GET", "/clusters?limit=x", {}),
       ("GET", f"/clusters/{CLUSTER}", {"headers": {"Accept": "application/xml"}})]


def fresh(apis):
    """Trove's database with one cluster in it."""
    for table in ("instances", "clusters", "quota_usages", "reservations"):
        apis.sql(f"delete from {table}")                                       # noqa: S608
    apis.seed(cluster_id=CLUSTER)
    apis.sql("update instances set id = ? where name = 'm0'", MEMBER)


def answer(apis, side, method, path, keywords, token):
    """Status, headers and body, without what is different at each request."""
    fresh(apis)
    made = apis.ask(method, path, token=token, side=side, **keywords)
    headers = {name: value for name, value in made.headers.items()
               if name not in ("Date", "Content-Length")}
    rows = apis.sql("select task_id, datastore_version_id, deleted from clusters order by created")
    return made.status_code, headers, without_passing(made.content), rows


def without_passing(body):
    """A body without ids and moments that are new at each request."""
    kept = (CLUSTER.encode(), MEMBER.encode())
    for pattern, word in PASSING:
        body = re.sub(pattern, lambda found, word=word: found[0] if found[0] in kept else word,
                      body)
    return body


def differences(apis, asked):
    found = []
    for (method, path, keywords), token in itertools.product(asked, TOKENS):
        stock, ours = (answer(apis, side, method, path, keywords, token)
                       for side in ("stock", "ours"))
        if stock != ours:
            found.append(f"{token}: {method} {path} {keywords}\n  {stock}\n  {ours}")
    return found


def _ours(method, path, keywords):
    """Whether the request is one of those that the filter answers."""
    cluster = re.fullmatch(r"/clusters?/[^/]+", path)
    return (method == "PATCH" and cluster) or path.endswith("/upgrade")


def test_every_route_of_trove(apis):
    """Each of its own router's routes, with no body and with bodies of all kinds."""
    assert len(apis.routes) > 50
    asked = []
    for method, path in apis.routes:
        if not path.startswith("/{tenant_id}/"):
            continue
        filled = re.sub(r"{(\w+)}", lambda found: KNOWN.get(found[1], "unknown"),
                        path.removeprefix("/{tenant_id}"))
        count = 1 if method == "GET" else len(BODIES) if "clusters" in path else 2
        asked += [(method, filled, body) for body in BODIES[:count]]
    assert not [one for one in asked if _ours(*one)]
    assert "\n".join(differences(apis, asked)) == ""


@pytest.mark.parametrize("kind", ["application/json", "application/xml", "text/plain",
                                  "application/x-www-form-urlencoded", None])
def test_every_action_on_a_cluster(apis, kind):
    headers = {"Content-Type": kind} if kind else {}
    path = f"/clusters/{CLUSTER}"
    asked = [("POST", path, {"data": body, "headers": headers}) for body in ACTIONS]
    assert "\n".join(differences(apis, asked)) == ""


def test_odd_requests(apis):
    assert "\n".join(differences(apis, ODD)) == ""


def test_chunked_body(apis):
    """Its length is not known before it has been read."""
    def ask(side):
        fresh(apis)
        made = apis.ask("POST", f"/clusters/{CLUSTER}", side=side, headers=JSON,
                        data=iter([b'{"reset-', b'status": {}}']))
        return made.status_code, without_passing(made.content)
    assert ask("stock") == ask("ours")


def test_the_comparison_sees_a_difference(apis):
    asked = [("PATCH", f"/clusters/{CLUSTER}", {}), ("GET", f"/clusters/{CLUSTER}/upgrade", {})]
    assert len(differences(apis, asked)) == len(asked) * len(TOKENS)
