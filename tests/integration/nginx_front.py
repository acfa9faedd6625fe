"""The nginx of oklo.conf(5) in front of a program: what is documented there is what runs here."""

import contextlib
import json
import os
import re
import shutil

from harness import EXAMPLES, ROOT, Oklo, connections, files, free_port, run_oklo, wait_until

MANUAL = os.path.join(ROOT, "man/oklo.conf.5")
PAGE = b"a page of nginx"

# What a whole configuration has beside the part that stands in the manual, for one that runs anywhere.
AROUND = """
daemon off;
worker_processes 1;
pid {place}/nginx.pid;
error_log stderr;
events {{ worker_connections 2000; }}
http {{
access_log off;
{temporary}
{site}
}}
"""


def documented(heading):
    """The first literal lines below a heading of the manual page."""
    with open(MANUAL) as file:
        text = file.read()
    section = re.search(rf"^\.S[hs] {re.escape(heading)}\n(.*?)(?=^\.S[hs] |\Z)", text, re.M | re.S)[1]
    lines = re.search(r"^\.Bd -literal\n(.*?)^\.Ed$", section, re.M | re.S)[1]
    assert "\\" not in lines, "a line that nginx would read otherwise than a reader of the page"
    return lines


def changed(text, *changes):
    """The text with each pair of old and new replaced; the old must be there."""
    for old, new in changes:
        assert old in text, f"{old!r} is not in the manual page"
        text = text.replace(old, new)
    return text


def in_location(line):
    """A change that adds a line to what is passed on to oklo."""
    return "proxy_pass http://oklo;", f"proxy_pass http://oklo; {line}"


@contextlib.contextmanager
def nginx(site, place, port):
    """nginx with the text of a site, which listens on that port."""
    temporary = "\n".join(f"{name}_temp_path {place}/{name};" for name in
                          ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = os.path.join(place, "nginx.conf")
    with open(path, "w") as file:
        file.write(AROUND.format(place=place, temporary=temporary, site=site))
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    with Oklo("-p", place, "-c", path, "-e", "stderr", program=program, port=port) as proxy:
        yield proxy


@contextlib.contextmanager
def passing(upstream, place, buffering="off"):
    """nginx that passes all to a port of HTTP, over connections that it keeps, on a port of its own."""
    port = free_port()
    site = f"""
        client_max_body_size 0;
        upstream oklo {{ server 127.0.0.1:{upstream}; keepalive 4; }}
        server {{
          listen 127.0.0.1:{port};
          location / {{
            proxy_pass http://oklo; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_request_buffering off; proxy_buffering {buffering}; proxy_set_header Host $host;
          }}
        }}"""
    with nginx(site, place, port) as proxy:
        yield proxy


class Front:
    """A program and the nginx in front of it; `port` is that of nginx."""

    def __init__(self, server, proxy, place):
        self.server, self.proxy, self.place, self.port = server, proxy, place, proxy.port

    def status(self):
        """What `oklo status --json` says of the program."""
        name = "oklo-unix.sock" if "unix:" in self.server.args[0] else f"oklo-{self.server.port}.sock"
        paths = [os.path.join(directory, name) for directory in ("/run", self.place)]
        control = next(path for path in paths if os.path.exists(path))
        return json.loads(run_oklo("status", "--json", "--control", control).stdout)

    def connections(self):
        """How many the program has; those that nginx keeps idle count, too."""
        return connections(self.status())

    def wait_for_connections(self, count):
        wait_until(lambda: self.connections() == count, what=f"{count} connections to oklo")


def program(name, *words, place, address="127.0.0.1:{port}", **options):
    """An example whose control socket stands in `place` when nobody may write to /run."""
    return Oklo(address, *words, program=os.path.join(EXAMPLES, name), env={"XDG_RUNTIME_DIR": place},
                **options)


def at_home(site, upstream, place, port):
    """The site of the manual with the addresses and paths of a test."""
    server = r"server (127\.0\.0\.1:8081|unix:/run/oklo-site/http\.sock);"
    for pattern, own in ((server, f"server {upstream};"), (r"/srv/www", f"{place}/www"),
                         (r"listen (80|443)\b", f"listen 127.0.0.1:{port}")):
        site, count = re.subn(pattern, own, site)
        assert count == 1, f"{count} times {pattern}"
    return site


@contextlib.contextmanager
def front(name="behind", *words, changes=(), socket=False, root=None):
    """An example behind the nginx of the manual, with `changes` beyond addresses and paths."""
    with files({"www/static/page.html": PAGE}) as place:
        address = f"unix:{place}/http.sock" if socket else "127.0.0.1:{port}"
        with program(name, *words, place=place, address=address, root=root, wait=not socket) as server:
            if socket:
                wait_until(lambda: os.path.exists(f"{place}/http.sock"), what="the socket")
            port = free_port()
            site = changed(documented("NGINX IN FRONT"), *changes)
            upstream = address.replace("{port}", str(server.port))
            with nginx(at_home(site, upstream, place, port), place, port) as proxy:
                yield Front(server, proxy, place)
