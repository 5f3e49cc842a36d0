"""What reads the pack and writes its reference pages: ``python -m docs.tools``."""
