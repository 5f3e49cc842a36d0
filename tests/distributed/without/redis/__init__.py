"""What an executor has that lacks the client of the driver redis."""
raise ModuleNotFoundError("No module named 'redis'", name="redis")
