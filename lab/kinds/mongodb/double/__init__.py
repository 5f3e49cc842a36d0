"""Stands in for `mongod` and `mongos`, of which no package index has a binary.

One process a member: `python -m trove_upgrade.lab.kinds.mongodb.double --config FILE --release X`.
It speaks the real wire protocol, so that stock drivers and tools can't tell it by their own means,
and does what an upgrade needs of a sharded cluster: elections, replication with acknowledgement by
a majority, data on disk, retryable writes, the balancer's switch, the feature compatibility
version; and it refuses what the real one refuses. It is no database: it finds documents by `_id`,
keeps the whole oplog, and spreads documents over shards by a hash of `_id`.

Written after the MongoDB Manual (7.0): "MongoDB Wire Protocol"; "Replica Set Elections",
"Replica Set Oplog", "Rollbacks During Replica Set Failover", "Write Concern for Replica Sets";
"Retryable Writes"; "Upgrade a Sharded Cluster to 7.0"; the pages of the commands it answers; and
the specifications "Server Discovery and Monitoring" and "Retryable Writes" of its drivers.

| module | holds |
|---|---|
| `wire` | messages and connections |
| `releases` | what a release number means: its series, which data it starts on |
| `storage` | the oplog on disk and the documents that follow from it |
| `replication` | one member of a replica set: heartbeats, elections, syncing, the commit point |
| `shard` | the commands of `mongod`, on a shard or as a config server |
| `router` | the commands of `mongos` |
| `login` | SCRAM-SHA-256 |
"""
