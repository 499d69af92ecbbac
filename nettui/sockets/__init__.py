"""What can be asked of many sockets: the filter language, order, groups, the map of local services. No I/O here."""
