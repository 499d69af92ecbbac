"""How any other system is asked: psutil and netifaces in, the same model records out."""
