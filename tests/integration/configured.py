"""A service that runs what a configuration file says, for the tests of that."""

import contextlib
import os
import re
import socket

from harness import Client, Oklo, files, run_oklo

SITE = {"www/index.html": b"front", "www/a.txt": b"a", "www/sub/b.txt": b"b"}


@contextlib.contextmanager
def place(content):
    """A directory with these files, where the service may make sockets and logs."""
    with files(content) as path:
        os.chmod(path, 0o777)
        yield path


def example(path, text, **ports):
    """Writes oklo.conf, with these words in their places."""
    for name, port in ports.items():
        text = text.replace("{" + name + "}", str(port))
    with open(os.path.join(path, "oklo.conf"), "w") as file:
        file.write(text)


def start(path, port, *flags, **options):
    env = {"PLACE": path, **options.pop("env", {})}
    return Oklo("start", "-c", os.path.join(path, "oklo.conf"), *flags, port=port, env=env, **options)


def check(path, name="oklo.conf", env=None):
    return run_oklo("check", "-c", name, env=env, cwd=path)


def faults(done):
    """The lines of an outcome that name a place, without their carets."""
    assert done.returncode == 100 and not done.stdout, done
    return [line for line in done.stderr.splitlines() if re.match(r"\S+:\d+:\d+: ", line)]


class UnixClient(Client):
    def __init__(self, *path):  # pylint: disable=super-init-not-called
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(os.path.join(*path))
        self.buffer = b""
