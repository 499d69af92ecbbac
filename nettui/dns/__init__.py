"""Lookups, the hosts file and the resolver configuration. dnspython is imported only here, and only for a lookup."""
