"""The lab: a real Trove and real database servers on one machine, to try upgrades on.

`Lab` (lab.py) starts and stops it, `Workload` (workload.py) writes to a cluster and keeps a
ledger of what was acknowledged, `faults.py` breaks things on demand, `demo.py` runs the demos.
What runs as guests is said by `kinds/`. Doubles are compute, volumes, network, images and the guest
agent (`doubles/`), and the servers of MongoDB, Cassandra and Vertica, which can't be had here.
"""
