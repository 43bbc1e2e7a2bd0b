"""nginx and HAProxy in front of an interface server, as small as they can be set up."""

from __future__ import annotations

import pathlib
import shutil

from harness import House, free_port

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    underscores_in_headers on;
    upstream seaway {{ server 127.0.0.1:{server}; keepalive 4; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://seaway; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_request_buffering off; proxy_next_upstream off;
        }}
    }}
}}
"""

HAPROXY = """
global
    maxconn 256
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
    retries 0
frontend front
    bind 127.0.0.1:{port}
    {lenient}
    default_backend back
backend back
    http-reuse always
    server seaway 127.0.0.1:{server}
"""


def find(name: str) -> str:
    """Where Debian has it, which is not in everybody's path."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is not installed: .ci/setup.sh test"
    return found


def start(house: House, kind: str, server: int, folder: pathlib.Path) -> int:
    """Starts a proxy of a kind, and returns its port."""
    port = free_port()
    settings = folder / f"{kind}.conf"
    if kind == "nginx":
        settings.write_text(NGINX.format(folder=folder, server=server, port=port))
        command = [find("nginx"), "-p", folder, "-c", settings, "-e", folder / "nginx-start.log"]
    else:
        # It passes on then what it would refuse by itself, so that more of it reaches the server.
        lenient = "option accept-invalid-http-request" if kind == "haproxy-lenient" else ""
        settings.write_text(HAPROXY.format(server=server, port=port, lenient=lenient))
        command = [find("haproxy"), "-db", "-f", settings]
    house.listening(house.start(command), port)
    return port
