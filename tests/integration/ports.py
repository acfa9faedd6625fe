"""TCP and UDP ports for tests, and connections to them."""

import contextlib
import random
import socket


def claimed(name):
    """A socket that holds this name among all tests of the host until it or its process ends, or None."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0oklo-test-{name}")
        return claim
    except OSError:
        claim.close()
        return None


def bindable(port):
    """Whether nobody uses it now, neither for TCP nor for UDP."""
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


CLAIMS = []


def free_port():
    """A port that nobody uses now and no other test gets, and nor the one behind it (the echo's).

    It is below those that the kernel gives to clients, and above 10080, which browsers shun.
    """
    while True:
        port = random.SystemRandom().randrange(10082, 32000, 2)
        if bindable(port) and bindable(port + 1) and (claim := claimed(port)):
            CLAIMS.append(claim)
            return port


IP_BIND_ADDRESS_NO_PORT = 24  # ip(7); Python has no name for it.


def connect(address, timeout=10, source=None):
    """A TCP connection, perhaps from another address of this host.

    Its own port is chosen when it connects. One that bind() chooses would have to be free of all connections,
    also of those in TIME_WAIT, and beside tests that make tens of thousands there may be none.
    """
    if not source:
        return socket.create_connection(address, timeout)
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        client.settimeout(timeout)
        client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        client.bind((source, 0))
        client.connect(address)
    except OSError:
        client.close()
        raise
    return client


def tcp_sockets(port):
    """Those at that port, as the kernel has them: (state, inode), the latter 0 when no file is left."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(table) as file:
            for line in file:
                fields = line.split()
                if fields[1].endswith(f":{port:04X}"):
                    yield fields[3], int(fields[9])


def listening(port):
    """Whether a TCP socket of any address listens there; asks the kernel and does not connect."""
    return any(state == "0A" for state, _ in tcp_sockets(port))
