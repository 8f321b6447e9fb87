"""`newstap feeds`: the feeds of the configuration file and of the store, for people and scripts."""
