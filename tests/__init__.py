"""The tests: a package of its own name, since some library brings one of that name, too."""
