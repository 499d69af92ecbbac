"""What programs are for, by name and port."""

import pytest

from nettui.sockets.roles import Role, role_of


@pytest.mark.parametrize(
    ("name", "port", "role"),
    [
        ("nginx", 443, Role("web server", "nginx")),
        ("nginx", 5432, Role("web server", "nginx")),  # it forwards; what it is does not change with the port
        ("apache2", 80, Role("web server", "Apache")),
        ("haproxy", 80, Role("proxy", "HAProxy")),
        ("gunicorn", 8000, Role("application server", "Gunicorn")),
        ("gunicorn: worker", None, Role("application server", "Gunicorn")),
        ("php-fpm8.2", None, Role("application server", "PHP-FPM")),
        ("/usr/sbin/php-fpm7.4", None, Role("application server", "PHP-FPM")),
        ("postgres", 5433, Role("database", "PostgreSQL")),
        ("postgres-15", None, Role("database", "PostgreSQL")),
        ("mariadbd", 3306, Role("database", "MariaDB")),
        ("redis-server", 7000, Role("cache", "Redis")),
        ("java", 9092, Role("broker", "Kafka")),
        ("java", 9200, Role("search engine", "Elasticsearch")),
        ("java", 8080, Role("application server", "Java")),
        ("java", 8009, Role("application server", "Tomcat")),
        ("java", None, Role("program", "Java")),
        ("beam.smp", 5672, Role("broker", "RabbitMQ")),
        ("python3.11", 443, Role("application server", "Python")),
        ("python3", 25, Role("mail", None)),
        ("Sqlservr.exe", 1433, Role("database", "SQL Server")),
        ("systemd-resolve", 53, Role("DNS", "systemd-resolved")),  # as Linux cuts it
        ("clickhouse-serv", None, Role("database", "ClickHouse")),
        ("kube-controller", None, Role("containers", "Kubernetes")),
        ("jupyter-noteboo", 8888, Role("application server", "Jupyter")),
        ("myservice", 5432, Role("database", "PostgreSQL")),
        (None, 6379, Role("cache", "Redis")),
        (None, 22, Role("SSH", None)),
        ("etcd", 2379, Role("coordination", "etcd")),
        ("myservice", 12_345, None),
        ("7", None, None),
        ("", 0, None),
        (None, None, None),
    ],
)
def test_roles(name: str | None, port: int | None, role: Role | None) -> None:
    assert role_of(name, port) == role
