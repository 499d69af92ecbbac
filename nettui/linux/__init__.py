"""How Linux is asked: netlink, procfs and ethtool bytes in, model records out."""
