"""What Trove talks to in the lab instead of a cloud, plugged in by its remote_*_client options.

Compute, volumes, network and images are small enough to keep nothing but what Trove asks for.
The guest double is the lab's heart: it runs one real server process per Trove instance.
"""
