"""The pack inside Trove's API: `PATCH clusters/{id}` starts an upgrade, as a WSGI filter."""
