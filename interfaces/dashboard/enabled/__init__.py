"""What goes into openstack_dashboard/local/enabled, by ``python -m ...dashboard``."""
