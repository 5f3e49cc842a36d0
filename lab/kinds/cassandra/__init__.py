"""Cassandra: doubles of its servers, because none can be had from a package index or a Debian.

`node` is one member: a process of its own that speaks the native protocol to stock clients.
Kept empty, so that a node starts without loading the lab.
"""
