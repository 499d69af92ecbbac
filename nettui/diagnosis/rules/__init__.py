"""The rules, one function each, a module for what belongs together.

To add one: the function, with its place in the RULES of its module; its limits in `thresholds`; its text in
`knowledge`; its fault in the lab.
"""

from itertools import chain

from nettui.diagnosis.condition import Rule
from nettui.diagnosis.rules import dns, links, names, routes, tcp
from nettui.diagnosis.thresholds import RULE_IDS

RULES: tuple[Rule, ...] = tuple(
    sorted(
        chain(links.RULES, routes.RULES, dns.RULES, names.RULES, tcp.RULES),
        key=lambda rule: RULE_IDS.index(rule.id),
    )
)
