"""Settings: defaults, the config file, the environment and the command line, in rising order of authority.

Importing this costs no more than msgspec: tomllib, platformdirs and the rest are imported when they are needed.
"""

from nettui.config.convert import ConfigError
from nettui.config.files import locate
from nettui.config.layers import load
from nettui.config.options import add_options
from nettui.config.settings import DnsSettings, GaugeSettings, RuleSettings, Settings

__all__ = [
    "ConfigError", "DnsSettings", "GaugeSettings", "RuleSettings", "Settings", "add_options", "load", "locate",
]
