"""Each datastore's module has a site of its own, with that datastore's kind of lab."""
