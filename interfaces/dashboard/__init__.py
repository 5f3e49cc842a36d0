"""The plugin for Horizon: 'Upgrade Cluster' in trove-dashboard's table, and a page that follows it.

A thin face over the Python API (`interfaces/client.py`), used as the user who is logged in.
docs/dashboard.md tells how it is installed.
"""
