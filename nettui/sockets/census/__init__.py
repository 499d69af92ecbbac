"""From sockets to the groups of a Census: pure functions over rows, one module a kind of group. No I/O, no clock."""
