"""The plugin of python-openstackclient: `openstack database cluster upgrade plan|start|show|...`"""
