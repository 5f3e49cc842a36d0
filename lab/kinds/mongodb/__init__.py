"""MongoDB sharded clusters: doubles of `mongod` and `mongos` (see `double`), laid out by Trove.

Kept free of imports, because every server of the lab passes through here when it starts.
"""
