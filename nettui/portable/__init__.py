"""How any system is asked: psutil and netifaces, into the same records as on Linux."""
