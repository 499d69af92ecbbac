"""The fault lab: real faults and healthy hosts, each in namespaces of its own, and whether nettui names them.

    python -m tests.lab.faults                 # every scenario, some at a time; prints the table
    python -m tests.lab.faults dns 'accept'    # those whose name or rule has one of these words in it
"""
