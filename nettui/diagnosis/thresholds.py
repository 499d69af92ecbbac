"""The rules' ids, their default limits, and what settings make of them. Cheap to import: settings are checked here."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from msgspec import Meta, Struct, ValidationError, convert, field


class Limits(Struct, frozen=True, kw_only=True):
    """When one rule speaks."""

    enabled: bool = True
    warning: float | None = None
    """A figure above this is a warning. None: the rule measures nothing, it sees something or does not."""
    critical: float | None = None
    """A figure above this is critical."""
    lasting: float = 5.0
    """Seconds a condition must last before it is told; for a leak, the seconds over which growth is judged."""


DEFAULTS: Mapping[str, Limits] = {
    "link.down": Limits(lasting=5),
    "route.no-default": Limits(lasting=5),
    # A healthy gateway is INCOMPLETE for up to three probes of one second when it is first asked.
    "route.gateway-unreachable": Limits(lasting=10),
    "tcp.close-wait-leak": Limits(warning=0, critical=50, lasting=120),
    "tcp.close-wait": Limits(warning=50, critical=100, lasting=5),
    "tcp.time-wait": Limits(warning=10_000, critical=15_000, lasting=5),
}

RULE_IDS: tuple[str, ...] = tuple(DEFAULTS)
"""Every rule there is; of two findings of one gravity, the one whose rule comes first here is shown first."""

_Figure = Annotated[float, Meta(ge=0)]


class _Setting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user may set of one rule; None leaves the default."""

    enabled: bool | None = None
    warning: _Figure | None = None
    critical: _Figure | None = None
    lasting: Annotated[float, Meta(ge=0, le=1e9)] | None = None


class Thresholds(Struct, frozen=True):
    """The limits of every rule."""

    limits: Mapping[str, Limits] = field(default_factory=lambda: DEFAULTS)

    def __getitem__(self, rule: str) -> Limits:
        return self.limits[rule]

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """The defaults, overridden by `{rule id: {enabled, warning, critical, lasting}}` (mappings or records).

        Raises ValueError with one line that names the rule, the key and what was expected.
        """
        limits = dict(DEFAULTS)
        for rule, value in settings.items():
            if rule not in limits:
                raise ValueError(f'rules."{rule}": no such rule, expected one of {", ".join(RULE_IDS)}')
            limits[rule] = _overridden(rule, limits[rule], value)
        return cls(limits)


def _overridden(rule: str, default: Limits, value: Any) -> Limits:
    try:
        setting = convert(value, _Setting, from_attributes=True)
    except ValidationError as error:
        raise ValueError(f'rules."{rule}": {error}') from error
    given = {key: each for key in _Setting.__struct_fields__ if (each := getattr(setting, key)) is not None}
    for key in ("warning", "critical"):
        if key in given and default.warning is None:
            raise ValueError(f'rules."{rule}".{key}: this rule has no figure, expected only enabled and lasting')
    limits = Limits(**{key: getattr(default, key) for key in Limits.__struct_fields__} | given)
    if limits.warning is not None and limits.critical is not None and limits.warning > limits.critical:
        raise ValueError(
            f'rules."{rule}": warning {limits.warning:,.10g} is above critical {limits.critical:,.10g}; set both'
        )
    return limits
