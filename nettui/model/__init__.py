"""Frozen, typed records of what was seen on a host: no I/O, no markup, no formatted text.

Every string that came from outside (the kernel, files, the network) has passed
`nettui.model.text.clean` before it is stored in one of these records.
"""
