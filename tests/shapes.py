"""Shapes of Valkey clusters: each member costs its creation, its upgrade, and every look at it."""
import pytest

# The smallest one that is upgraded in order; for what is asked of a command, and not of the order.
PAIR = {"shards": 1, "replicas": 1}
SIX = {"shards": 3, "replicas": 1}


def of(shape):
    """The mark of a test whose `cluster` is to have this shape."""
    return pytest.mark.parametrize("cluster", [shape], indirect=True, ids=[pytest.HIDDEN_PARAM])


def shape_for(request):
    """What the test is given, else the module's SHAPE; {} where neither says one."""
    return getattr(request, "param", getattr(request.module, "SHAPE", {}))
