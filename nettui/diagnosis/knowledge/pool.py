"""What is said of findings about connection pools."""

from msgspec.structs import replace

from nettui.diagnosis.knowledge.rule_text import RuleAbout, RuleText

ABOUT: dict[str, RuleAbout] = {
    "pool.exhausted": RuleAbout(
        looks_for=(
            "A program whose connections to one service, five at least, have stayed at one number while nearly all "
            "of them wait for an answer; and gauges of pools that the user configured, at their maximum or with "
            "somebody waiting. A pool that is idle, partly busy or growing is left alone."
        ),
        source="operators' rule of thumb: 90 % of a pool in use for half a minute",
    ),
}

TEXTS: dict[str, RuleText] = {
    "pool.exhausted": RuleText(
        title=(
            "{who} has used up its pool to {role} {peer}: all {count} connections stay in use, {share} % over "
            "{seconds} s, {against} %"
        ),
        cause=(
            "Every connection waits for an answer and no further one is opened: the pool is at its maximum. Usually "
            "queries are slow or blocked by a lock, or the program does not give connections back; less often the "
            "pool is too small."
        ),
        consequence=(
            "Requests queue inside the program for a connection and fail at its time limit, while the host looks idle."
        ),
        relief=("nettui sockets {filter}", "ss -tanoip state established dst {dst} dport = :{port}"),
        cure=(
            "Look at the service first: what its queries wait for (slow queries, locks). In the program: give "
            "connections back on every path (finally, with, try-with-resources), hold none while calling other "
            "services, turn leak detection on (HikariCP: leakDetectionThreshold), and set a limit for waiting."
        ),
        screen="sockets",
    ),
    "pool.exhausted/gauge": RuleText(
        title="{name}: {used} of {most} in use, {share} %, {against} %",
        cause=(
            "The program itself tells that its pool is nearly or fully used: what it asks is slow or blocked, it does "
            "not give back what it takes, or the pool is too small."
        ),
        consequence="Requests queue for a free one and fail at the program's time limit.",
        relief=("nettui sockets state:established --group-by process", "ss -tanp state established"),
        cure=(
            "Look at what those in use wait for. In the program: give them back on every path (finally, with, "
            "try-with-resources), hold none while calling other services, and set a limit for waiting."
        ),
        screen="sockets",
    ),
}

TEXTS["pool.exhausted/blocking"] = replace(
    TEXTS["pool.exhausted"],
    title=(
        "{who} waits on all its {count} connections to {role} {peer}, {share} % over {seconds} s, {against} %: "
        "a pool used up, or requests that are meant to wait"
    ),
    cause=(
        "Every connection waits for an answer and no further one is opened. With a broker, a cache or a service of "
        "unknown kind that may be meant so (BLPOP, XREAD BLOCK, a consumer's fetch, long polling); otherwise the pool "
        "is at its maximum and the service is slow."
    ),
)
TEXTS["pool.exhausted/gauge-waiting"] = replace(
    TEXTS["pool.exhausted/gauge"],
    title="{name}: {waiting} wait for one, {against}, with {used} of {most} in use",
)
TEXTS["pool.exhausted/gauge-unread"] = RuleText(
    title="The gauge {name} cannot be read: {why}",
    cause=(
        "The program that should tell it does not answer, or answers something else than the configuration expects: "
        "a wrong URL, path or metric, or a program that is not running."
    ),
    consequence="Whether this pool runs out is not known.",
    relief=("nettui config --print", "ss -ltn"),
    cure="Correct the gauge's URL, JSON path or metric in the configuration, or see why the program does not answer.",
    screen="sockets",
)
