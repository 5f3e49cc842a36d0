"""The pages; `index` must exist, Horizon's breadcrumb asks for it."""
from django.urls import path

from . import overview, progress, start, steer, tables

tables.add_to_tables()

RUN = "<str:cluster_id>/<uuid:execution_id>/"

urlpatterns = [
    path("", overview.OverviewView.as_view(), name="index"),
    path("<str:cluster_id>/", progress.NewestView.as_view(), name="cluster"),
    path("<str:cluster_id>/upgrade", start.UpgradeView.as_view(), name="upgrade"),
    path(RUN, progress.ProgressView.as_view(), name="progress"),
    path(RUN + "live", progress.LiveView.as_view(), name="live"),
    path(RUN + "<str:act>", steer.SteerView.as_view(), name="steer"),
]
