"""What the plan tells people about a Cassandra cluster."""

WAY_BACK = (
    "Within a series, and from 5.0 to 4.x as long as 5.0 runs with storage_compatibility_mode "
    "CASSANDRA_4 (its default), a member goes back on its own data. From 4.x to 3.x, and from 5.0 "
    "in another mode, it does not: stop it, put back the snapshot of the old version, start the "
    "old version, repair. What only this member had got since comes back from the others.")
NO_RETURN = (
    "Where the format changes: the first start of the new version on each member. From 4.x to 5.0: "
    "storage_compatibility_mode UPGRADING or NONE. In any case nodetool upgradesstables.")
BACKUP = ("Trove takes no backup of cluster members; run nodetool snapshot on every member first "
          "(NEWS.txt of Cassandra: always snapshot before an upgrade).")
FINALIZE = (
    "from 4.x to 5.0: storage_compatibility_mode UPGRADING on all members with a rolling restart, "
    "then NONE with another (not by this pack: CQL can't change it)",
    "on every member: nodetool upgradesstables, one member or one rack at a time (not by this "
    "pack: CQL can't start it)",
    "then finalise here: it makes sure that the mode is NONE and that nothing is being rewritten; "
    "whether upgradesstables ran on all tables CQL does not tell",
)
MIXED = (
    "While releases are mixed: no repair, no bootstrap, decommission or replacing of nodes, no "
    "schema change, no TRUNCATE, no change of roles, no new features. The pack does not hold "
    "these off.",
    "Finish within gc_grace_seconds of every table (10 days by default), because repairs rest.",
    "The old release should be on its latest patch, and upgradesstables of the last upgrade done; "
    "CQL does not tell the format of the files.",
    "Draining before the stop (nodetool drain) is the guest agent's work; without it the commit "
    "log is replayed at the start.",
)
BLIND = ("{names}: this version has no virtual tables (before 4.0), so neither links between "
         "members nor streams, repairs, disk use and how long hints are kept can be seen. Look by "
         "nodetool status, netstats, compactionstats and getmaxhintwindow.")
NO_STREAMS = ("{names}: this version does not tell streams and gossip states by CQL (before 4.1). "
              "Look by nodetool netstats.")
PERIODIC = ("The commit log is on disk only after {period} (commitlog_sync periodic): where all "
            "copies of a row crash within that time, writes that were acknowledged are lost. A "
            "member that is stopped in good order loses none.")
LIMITED_HINTS = ("Hints are limited in size (max_hints_size_per_host: {limits}), and how fast they "
                 "grow is not known: repair a member that was unavailable for longer than they "
                 "last.")
UNHEEDED = ("{settings}: a member whose disk fails goes on and may lack what it acknowledged; see "
            "the members' logs before you start.")
