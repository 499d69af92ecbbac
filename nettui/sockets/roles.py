"""What a program is for, by its name or the port it listens on: web server, database, cache, broker ..."""

import re
from typing import NamedTuple


class Role(NamedTuple):
    """What a program is for."""

    word: str
    """For the screen: `database`."""
    product: str | None = None
    """`PostgreSQL`; None where the name says no more than the role."""


WEB, PROXY, APPLICATION, WORKER = "web server", "proxy", "application server", "worker"
DATABASE, CACHE, BROKER, SEARCH = "database", "cache", "broker", "search engine"
MAIL, NAMES, DIRECTORY, LOGIN, FILES = "mail", "DNS", "directory", "SSH", "file server"
MONITORING, LOGS, CONTAINERS, COORDINATION, TIME = "monitoring", "logs", "containers", "coordination", "time"
VPN, PRINTING, SYSTEM, DHCP, POOL, STORAGE = "VPN", "printing", "system", "DHCP", "connection pool", "object storage"
SECRETS, VIRTUAL, DISCOVERY = "secrets", "virtual machine", "discovery"

_RUNTIMES = frozenset(
    ("java", "node", "python", "pypy", "ruby", "perl", "php", "dotnet", "mono", "deno", "bun", "beam.smp", "beam")
)
"""Run any program: there the port says more, where it says something."""

_NAMES: dict[str, dict[str | None, str]] = {
    WEB: {
        "nginx": "nginx", "Angie": "angie", "OpenResty": "openresty", "Apache": "apache2 httpd", "Caddy": "caddy",
        "lighttpd": "lighttpd", "H2O": "h2o", "LiteSpeed": "litespeed lshttpd", "Tengine": "tengine", "webfs": "webfsd",
        "IIS": "w3wp",
    },
    PROXY: {
        "HAProxy": "haproxy", "Envoy": "envoy", "Traefik": "traefik", "Squid": "squid",
        "Varnish": "varnishd cache-main", "Pound": "pound", "Traffic Server": "trafficserver [ts_main] traffic_server",
        "stunnel": "stunnel stunnel4", "Hitch": "hitch", "Linkerd": "linkerd2-proxy", "Istio": "pilot-agent",
        "Kong": "kong", "Tinyproxy": "tinyproxy", "Privoxy": "privoxy", "cloudflared": "cloudflared", "socat": "socat",
        "Docker": "docker-proxy", "Podman": "rootlessport", "Kubernetes": "kube-proxy", "passt": "pasta",
        "slirp4netns": "slirp4netns",
    },
    APPLICATION: {
        "Gunicorn": "gunicorn gunicorn3", "uWSGI": "uwsgi uwsgi-core", "Uvicorn": "uvicorn", "Hypercorn": "hypercorn",
        "Daphne": "daphne", "Waitress": "waitress-serve", "Puma": "puma", "Unicorn": "unicorn",
        "Passenger": "passenger passengeragent", "PHP-FPM": "php-fpm", "Tomcat": "catalina tomcat", "Jetty": "jetty",
        "WildFly": "wildfly", "FrankenPHP": "frankenphp", "NGINX Unit": "unitd", "Granian": "granian",
        "Jupyter": "jupyter-lab jupyter-noteboo jupyter", "Java": "java",
        "Node.js": "node", "Python": "python", "PyPy": "pypy", "Ruby": "ruby", "Perl": "perl", "PHP": "php",
        ".NET": "dotnet", "Mono": "mono", "Deno": "deno", "Bun": "bun", "Erlang": "beam.smp beam",
    },
    WORKER: {"Celery": "celery", "Sidekiq": "sidekiq"},
    DATABASE: {
        "PostgreSQL": "postgres postmaster postgresql", "MySQL": "mysqld mysqld_safe", "MariaDB": "mariadbd",
        "MongoDB": "mongod mongos", "Oracle": "oracle tnslsnr", "SQL Server": "sqlservr",
        "ClickHouse": "clickhouse-serv clickhouse", "CockroachDB": "cockroach", "InfluxDB": "influxd influxdb3",
        "CouchDB": "couchdb", "Cassandra": "cassandra", "ScyllaDB": "scylla", "Neo4j": "neo4j", "Db2": "db2sysc",
        "Firebird": "firebird fbserver", "ArangoDB": "arangod", "SurrealDB": "surreal", "TiDB": "tidb-server",
        "TiKV": "tikv-server", "RethinkDB": "rethinkdb", "QuestDB": "questdb", "SAP HANA": "hdbindexserver",
        "RavenDB": "ravendb.server", "Qdrant": "qdrant", "Milvus": "milvus", "Weaviate": "weaviate",
        "YugabyteDB": "yb-tserver yb-master",
    },
    POOL: {
        "PgBouncer": "pgbouncer", "Pgpool-II": "pgpool", "PgCat": "pgcat", "Odyssey": "odyssey", "ProxySQL": "proxysql",
        "MaxScale": "maxscale", "MySQL Router": "mysqlrouter", "twemproxy": "twemproxy nutcracker",
        "mcrouter": "mcrouter",
    },
    CACHE: {
        "Redis": "redis-server redis", "Redis Sentinel": "redis-sentinel", "Valkey": "valkey-server valkey",
        "KeyDB": "keydb-server", "Dragonfly": "dragonfly", "Memcached": "memcached", "Garnet": "garnetserver",
        "Aerospike": "aerospike",
    },
    BROKER: {
        "RabbitMQ": "rabbitmq rabbitmq-server", "NATS": "nats-server nats", "Mosquitto": "mosquitto", "EMQX": "emqx",
        "NSQ": "nsqd nsqlookupd", "Kafka": "kafka", "Redpanda": "redpanda", "Pulsar": "pulsar", "ActiveMQ": "activemq",
        "ActiveMQ Artemis": "artemis", "beanstalkd": "beanstalkd", "Gearman": "gearmand", "Qpid": "qpidd",
    },
    SEARCH: {
        "Elasticsearch": "elasticsearch", "OpenSearch": "opensearch", "Solr": "solr", "Meilisearch": "meilisearch",
        "Typesense": "typesense-serve", "Sphinx": "searchd", "Manticore": "manticore", "Quickwit": "quickwit",
    },
    MAIL: {
        "Postfix": "master smtpd postfix qmgr", "Exim": "exim exim4", "Sendmail": "sendmail sendmail-mta",
        "OpenSMTPD": "opensmtpd", "Dovecot": "dovecot imap-login pop3-login managesieve-log",
        "Cyrus": "cyrus-master imapd", "Courier": "courier", "Rspamd": "rspamd", "SpamAssassin": "spamd",
        "OpenDKIM": "opendkim", "ClamAV": "clamd", "Stalwart": "stalwart-mail stalwart", "Mailpit": "mailpit",
        "MailHog": "mailhog",
    },
    NAMES: {
        "BIND": "named", "Unbound": "unbound", "dnsmasq": "dnsmasq",
        "systemd-resolved": "systemd-resolve systemd-resolved", "PowerDNS": "pdns_server pdns_recursor pdns-recursor",
        "dnsdist": "dnsdist", "Knot": "knotd", "Knot Resolver": "kresd", "NSD": "nsd", "CoreDNS": "coredns",
        "Pi-hole": "pihole-ftl", "AdGuard Home": "adguardhome", "Stubby": "stubby", "dnscrypt-proxy": "dnscrypt-proxy",
        "mDNSResponder": "mdnsresponder", "Podman": "aardvark-dns",
    },
    DISCOVERY: {"Avahi": "avahi-daemon", "llmnrd": "llmnrd", "MiniSSDPd": "minissdpd", "wsdd": "wsdd"},
    DIRECTORY: {
        "OpenLDAP": "slapd", "389 Directory Server": "ns-slapd", "Kerberos": "krb5kdc kadmind",
        "Samba": "winbindd samba", "SSSD": "sssd", "FreeRADIUS": "radiusd freeradius",
    },
    LOGIN: {
        "OpenSSH": "sshd sshd-session sshd-auth ssh", "Dropbear": "dropbear", "Tailscale": "tailscale-ssh",
        "Teleport": "teleport",
    },
    FILES: {
        "Samba": "smbd nmbd", "NFS": "rpc.nfsd rpc.mountd rpc.statd", "rpcbind": "rpcbind", "vsftpd": "vsftpd",
        "ProFTPD": "proftpd", "Pure-FTPd": "pure-ftpd", "rsync": "rsync rsyncd", "GlusterFS": "glusterfsd",
        "Syncthing": "syncthing", "iSCSI": "iscsid tgtd",
    },
    STORAGE: {"MinIO": "minio", "Ceph": "ceph-osd ceph-mon ceph-mds ceph-mgr radosgw"},
    MONITORING: {
        "Prometheus": "prometheus alertmanager pushgateway", "Grafana": "grafana grafana-server",
        "node_exporter": "node_exporter prometheus-node", "Zabbix": "zabbix_agentd zabbix_agent2 zabbix_server",
        "Telegraf": "telegraf", "collectd": "collectd", "Net-SNMP": "snmpd", "Nagios": "nrpe", "Netdata": "netdata",
        "Datadog": "datadog-agent trace-agent", "cAdvisor": "cadvisor", "OpenTelemetry": "otelcol otelcol-contrib",
        "VictoriaMetrics": "victoria-metric vmagent", "Jaeger": "jaeger", "StatsD": "statsd",
        "Graphite": "carbon-cache", "PCP": "pmcd", "Monit": "monit", "Munin": "munin-node", "Checkmk": "check_mk_agent",
    },
    LOGS: {
        "rsyslog": "rsyslogd", "syslog-ng": "syslog-ng", "Loki": "loki", "Promtail": "promtail",
        "Fluent Bit": "fluent-bit", "Fluentd": "fluentd", "Filebeat": "filebeat", "Logstash": "logstash",
        "Kibana": "kibana", "Graylog": "graylog",
    },
    CONTAINERS: {
        "Docker": "dockerd", "containerd": "containerd containerd-shim", "Podman": "podman conmon", "CRI-O": "crio",
        "Kubernetes": "kubelet kube-apiserver kube-controller kube-scheduler", "k3s": "k3s k3s-server", "k0s": "k0s",
        "Nomad": "nomad", "LXD": "lxd", "Incus": "incusd", "Registry": "registry", "Calico": "calico-node",
        "Cilium": "cilium-agent", "flannel": "flanneld",
    },
    COORDINATION: {"etcd": "etcd", "Consul": "consul", "ZooKeeper": "zookeeper", "Erlang port mapper": "epmd"},
    SECRETS: {"Vault": "vault", "OpenSSH": "ssh-agent", "GnuPG": "gpg-agent"},
    TIME: {
        "chrony": "chronyd", "NTP": "ntpd", "systemd-timesyncd": "systemd-timesyn", "OpenNTPD": "openntpd",
        "linuxptp": "ptp4l",
    },
    DHCP: {
        "ISC DHCP": "dhcpd dhclient", "Kea": "kea-dhcp4 kea-dhcp6", "dhcpcd": "dhcpcd",
        "systemd-networkd": "systemd-network",
    },
    VPN: {
        "OpenVPN": "openvpn", "strongSwan": "charon charon-systemd", "Libreswan": "pluto", "Tailscale": "tailscaled",
        "ZeroTier": "zerotier-one", "tinc": "tinc tincd", "ocserv": "ocserv", "WireGuard": "wireguard-go",
        "Nebula": "nebula", "Tor": "tor",
    },
    PRINTING: {"CUPS": "cupsd cups-browsed"},
    VIRTUAL: {
        "QEMU": "qemu-system-x86 qemu-system-aar qemu-kvm", "libvirt": "libvirtd virtqemud",
        "VirtualBox": "vboxheadless", "Firecracker": "firecracker",
    },
    SYSTEM: {"systemd": "systemd", "launchd": "launchd", None: "init", "xinetd": "xinetd", "inetd": "inetd"},
}  # fmt: skip
"""The names of its processes by what it is, without versions."""

_PORTS: dict[str, dict[str | None, tuple[int, ...]]] = {
    WEB: {None: (80, 443)},
    PROXY: {None: (1080, 3128)},
    DATABASE: {
        "SQL Server": (1433,), "Oracle": (1521,), "MySQL": (3306,), "PostgreSQL": (5432,), "CouchDB": (5984,),
        "Neo4j": (7687,), "InfluxDB": (8086,), "Cassandra": (9042,), "CockroachDB": (26257,), "MongoDB": (27017, 27018),
        "RethinkDB": (28015,), "Db2": (50000,),
    },
    POOL: {"PgBouncer": (6432,), "ProxySQL": (6033,)},
    CACHE: {"Redis": (6379,), "Memcached": (11211,), "Redis Sentinel": (26379,)},
    BROKER: {
        "MQTT": (1883, 8883), "NATS": (4222,), "AMQP": (5671, 5672), "Kafka": (9092,), "Pulsar": (6650,),
        "STOMP": (61613,), "ActiveMQ": (61616,),
    },
    SEARCH: {"Elasticsearch": (9200, 9300), "Solr": (8983,), "Meilisearch": (7700,)},
    MAIL: {None: (25, 110, 143, 465, 587, 993, 995, 4190)},
    NAMES: {None: (53, 853, 5353)},
    DIRECTORY: {"Kerberos": (88,), None: (389, 636), "Active Directory": (3268,), "RADIUS": (1812,)},
    LOGIN: {None: (22,)},
    FILES: {None: (20, 21, 139, 445), "rpcbind": (111,), "rsync": (873,), "NFS": (2049,), "iSCSI": (3260,)},
    MONITORING: {
        "SNMP": (161,), "Prometheus": (9090, 9093), "node_exporter": (9100,), "Zabbix": (10050, 10051),
        "OpenTelemetry": (4317, 4318), "StatsD": (8125,),
    },
    LOGS: {None: (514, 6514), "Loki": (3100,), "Logstash": (5044,), "Kibana": (5601,), "Fluentd": (24224,)},
    CONTAINERS: {"Docker": (2375, 2376), "Kubernetes": (6443, 10250)},
    COORDINATION: {"ZooKeeper": (2181,), "etcd": (2379, 2380), "Erlang port mapper": (4369,), "Consul": (8500,)},
    SECRETS: {"Vault": (8200,)},
    TIME: {None: (123,), "chrony": (323,)},
    DHCP: {None: (67, 68, 546, 547)},
    VPN: {"IPsec": (500, 4500), "OpenVPN": (1194,), "WireGuard": (51820,)},
    PRINTING: {"CUPS": (631,)},
}  # fmt: skip
"""The ports it listens on where nobody has chosen others."""

_BY_NAME = {
    name: Role(word, product)
    for word, products in _NAMES.items() for product, names in products.items() for name in names.split()
}  # fmt: skip
_BY_PORT = {
    port: Role(word, product)
    for word, products in _PORTS.items() for product, ports in products.items() for port in ports
}  # fmt: skip
_OF_RUNTIMES: dict[tuple[str, int], Role] = {
    ("beam.smp", 5672): Role(BROKER, "RabbitMQ"), ("beam.smp", 5671): Role(BROKER, "RabbitMQ"),
    ("beam.smp", 15672): Role(BROKER, "RabbitMQ"), ("beam.smp", 25672): Role(BROKER, "RabbitMQ"),
    ("beam.smp", 1883): Role(BROKER, "EMQX"), ("java", 8009): Role(APPLICATION, "Tomcat"),
    ("java", 8005): Role(APPLICATION, "Tomcat"), ("java", 9990): Role(APPLICATION, "WildFly"),
}  # fmt: skip
_WEB_PORTS = (80, 443)

_VERSION = re.compile(r"[-_]?v?\d+(\.\d+)*$")  # php-fpm8.2, python3.11, postgres-15
_COMM = 15  # characters that Linux keeps of a name (TASK_COMM_LEN less one)
_CUT = {name[:_COMM]: role for name, role in _BY_NAME.items() if len(name) > _COMM}


def role_of(name: str | None, port: int | None) -> Role | None:
    """What a program of this name, listening on this port, is for; None where neither says it.

    The name tells more than the port, but not of a runtime: java on 9092 is a broker.
    """
    plain = plain_name(name) if name else ""
    if plain in _RUNTIMES:
        return _of_runtime(plain, port)
    return _by_name(plain) or (_BY_PORT.get(port) if port is not None else None)


def _of_runtime(name: str, port: int | None) -> Role:
    if port is None:
        return Role("program", _BY_NAME[name].product)
    if (name, port) in _OF_RUNTIMES:
        return _OF_RUNTIMES[name, port]
    by_port = None if port in _WEB_PORTS else _BY_PORT.get(port)  # a program that serves the web is an application
    return by_port or _BY_NAME[name]


def _by_name(plain: str) -> Role | None:
    return _BY_NAME.get(plain) or _CUT.get(plain)


def plain_name(name: str) -> str:
    """A process name without version, path and what a program writes behind it: `php-fpm8.2`, `nginx: worker`."""
    first = name.partition(": ")[0].rstrip(":").rpartition("/")[2].lower().removesuffix(".exe")
    return first if _by_name(first) else _VERSION.sub("", first) or first
