"""docs/api/openapi.yaml says what the routes do: schemathesis finds no 5xx, and nothing unsaid."""
from pathlib import Path

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.waits import PATIENCE_SEC

XDIST_GROUP = "apis 2"
PAGE = Path(__file__).parents[2] / "docs/api/openapi.yaml"
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance,
          response_headers_conformance, response_schema_conformance)
ROUTES = {("patch", "/{tenant_id}/clusters/{cluster_id}"),
          ("post", "/{tenant_id}/clusters/{cluster_id}"),
          ("patch", "/{tenant_id}/cluster/{cluster_id}"),
          *((method, "/{tenant_id}/clusters/{cluster_id}/upgrade")
            for method in ("get", "put", "delete"))}

# Without what it says of the token: the stand-in for Keystone needs one in each request.
schema = schemathesis.openapi.from_dict(
    {key: part for key, part in yaml.safe_load(PAGE.read_text()).items() if key != "security"})
few = settings(max_examples=40, derandomize=True, deadline=None, database=None,
               suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def shop(apis):
    return apis.seed()


@pytest.mark.parametrize("token", ["demo", "admin", "other"])
@schema.parametrize()
@few
def test_any_body_on_a_cluster(apis, shop, token, case):
    """Of the caller's own, as administrator, and of another project."""
    case.path_parameters |= {"cluster_id": shop.id}
    call(apis, case, token)


# With a parameter of its own each route's test has an id of its own, by which xdist goes.
@pytest.mark.parametrize("token", ["demo"])
@schema.parametrize()
@few
def test_any_cluster_id(apis, token, case):
    call(apis, case, token)


def call(apis, case, token):
    """What is not marked as ours Trove itself answers: other methods and actions behind the filter,
    bodies that are not UTF-8 before it. Then without the filter it is the same."""
    case.path_parameters |= {"tenant_id": token}
    headers = {"X-Auth-Token": token}
    answer = case.call(base_url=apis.ours, headers=headers, timeout=PATIENCE_SEC)
    if "x-trove-upgrade" in answer.headers:
        case.validate_response(answer, checks=CHECKS)
        return
    stock = case.call(base_url=apis.stock, headers=headers, timeout=PATIENCE_SEC)
    assert answer.status_code == stock.status_code


def test_every_route_is_on_the_page():
    operations = {(one.ok().method.lower(), one.ok().path)
                  for one in schema.get_all_operations()}
    assert operations == ROUTES
