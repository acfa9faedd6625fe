"""Files as clients get them: ranges, conditions, codings, and what changes while it is served."""

import contextlib
import gzip
import html
import json
import os
import re
import socket
import urllib.parse

from harness import Client, Oklo, files, get, http, needs, request, run_oklo, wait_until
from http_test import Curl, url

TEXT = b"".join(b"%05d\n" % i for i in range(2000))
GIB = 1 << 30


@contextlib.contextmanager
def site(content, *flags, **options):
    """A service with one worker, unless the flags want more, its directory and its control socket."""
    with files(content) as root, files({}) as place:
        control = os.path.join(place, "control")
        with Oklo("serve", "127.0.0.1:{port}", root, "--workers", 1, "--control", control, *flags,
                  **options) as oklo:
            oklo.root, oklo.control = root, control
            yield oklo


def status(oklo):
    return json.loads(run_oklo("status", "--json", "--control", oklo.control).stdout)


def write(oklo, name, data):
    with open(os.path.join(oklo.root, name), "wb") as file:
        file.write(data)


# ---- ranges

@needs("curl")
def test_curl_gets_ranges():
    with site({"small": TEXT, "large": TEXT * 20}) as oklo:
        for name, data in ("small", TEXT), ("large", TEXT * 20):
            size = len(data)
            for text, first, end in ("0-0", 0, 1), ("6-11", 6, 12), (f"{size - 1}-", size - 1, size), (
                    "-7", size - 7, size), (f"0-{size * 2}", 0, size), (f"-{size * 2}", 0, size):
                part = Curl("-r", text, url(oklo, "/" + name))
                assert (part.code, part.body) == (206, data[first:end]), (name, text)
                assert part.fields["content-range"] == f"bytes {first}-{end - 1}/{size}"
            beyond = Curl("-r", f"{size}-", url(oklo, "/" + name))
            assert beyond.code == 416 and beyond.fields["content-range"] == f"bytes */{size}"
            several = Curl("-r", "0-5,-6", url(oklo, "/" + name))
            assert several.code == 206 and "multipart/byteranges" in several.fields["content-type"]
            assert data[:6] in several.body and data[-6:] in several.body
            assert int(several.fields["content-length"]) == len(several.body)


@needs("curl")
def test_curl_resumes_only_the_same_file():
    with site({"a": TEXT}) as oklo, files({"part": TEXT[:5000]}) as here:
        part = os.path.join(here, "part")
        # The date of this second would be no strong validator (RFC 9110 section 8.8.2.2).
        os.utime(os.path.join(oklo.root, "a"), (1e9, 1e9))
        assert Curl("-C", "-", "-o", part, url(oklo, "/a")).code == 206
        with open(part, "rb") as file:
            assert file.read() == TEXT
        first = Curl("-I", url(oklo, "/a"))
        for validator in first.fields["etag"], first.fields["last-modified"]:
            same = Curl("-r", "5-", "-H", "If-Range: " + validator, url(oklo, "/a"))
            assert (same.code, same.body) == (206, TEXT[5:])
        other = Curl("-r", "5-", "-H", 'If-Range: "other"', url(oklo, "/a"))
        assert (other.code, other.body) == (200, TEXT)


@needs("curl")
def test_the_end_of_a_file_beyond_4_gib():
    with site({"big": b""}) as oklo:
        with open(os.path.join(oklo.root, "big"), "r+b") as file:
            file.truncate(5 * GIB)
            file.seek(5 * GIB)
            file.write(b"the end")
        size = 5 * GIB + 7
        assert Curl("-I", url(oklo, "/big")).fields["content-length"] == str(size)
        for text in "-7", f"{5 * GIB}-", f"{5 * GIB}-{size}":
            part = Curl("-r", text, url(oklo, "/big"))
            assert (part.code, part.body) == (206, b"the end")
            assert part.fields["content-range"] == f"bytes {5 * GIB}-{size - 1}/{size}"
        middle = Curl("-r", f"{4 * GIB - 2}-{4 * GIB + 1}", url(oklo, "/big"))
        assert (middle.code, middle.body) == (206, bytes(4))
        two = Curl("-r", f"0-1,{5 * GIB}-", url(oklo, "/big"))
        assert two.code == 206 and two.body.count(b"the end") == 1


# ---- conditions and codings

@needs("curl")
def test_curl_asks_only_for_what_is_new():
    with site({"a": TEXT}) as oklo, files({}) as here:
        os.utime(os.path.join(oklo.root, "a"), (1e9, 1e9))
        tag, copy = os.path.join(here, "tag"), os.path.join(here, "copy")
        save = ["--etag-save", tag, "--etag-compare", tag, "-o", copy, url(oklo, "/a")]
        assert Curl(*save).code == 200
        assert Curl(*save).code == 304 and os.path.getsize(copy) == len(TEXT)
        assert Curl("-R", "-o", copy, url(oklo, "/a")).code == 200 and os.path.getmtime(copy) == 1e9
        unchanged = Curl("-z", copy, url(oklo, "/a"))
        assert (unchanged.code, unchanged.body) == (304, b"") and "etag" in unchanged.fields
        date = "Sun, 09 Sep 2001 01:46:40 GMT"
        assert Curl("-H", "If-Unmodified-Since: " + date, url(oklo, "/a")).body == TEXT
        assert Curl("-z", "Sat, 08 Sep 2001 00:00:00 GMT", url(oklo, "/a")).code == 200
        assert Curl("-z", "-Sat, 08 Sep 2001 00:00:00 GMT", url(oklo, "/a")).code == 412
        write(oklo, "a", b"new")
        wait_until(lambda: Curl(*save).code == 200, what="the new file")
        assert os.path.getsize(copy) == 3


@needs("curl")
def test_curl_gets_what_is_compressed_beside_the_file():
    packed = gzip.compress(TEXT)
    with site({"a.txt": TEXT, "a.txt.gz": packed, "b.txt": TEXT, "b.txt.br": b"no brotli"}) as oklo:
        plain, small = Curl(url(oklo, "/a.txt")), Curl("--compressed", url(oklo, "/a.txt"))
        assert plain.body == small.body == TEXT
        assert small.fields["content-encoding"] == "gzip" and "content-encoding" not in plain.fields
        assert small.fields["content-length"] == str(len(packed))
        assert small.fields["content-type"] == plain.fields["content-type"] == "text/plain; charset=utf-8"
        assert small.fields["etag"] != plain.fields["etag"]
        assert plain.fields["vary"] == small.fields["vary"] == "Accept-Encoding"
        assert Curl("--compressed", "-I", url(oklo, "/a.txt")).fields["content-encoding"] == "gzip"
        refused = Curl("-H", "Accept-Encoding: gzip;q=0, *", url(oklo, "/a.txt"))
        assert refused.body == TEXT
        assert Curl("-H", "Accept-Encoding: gzip", url(oklo, "/b.txt")).body == TEXT
        assert Curl("-H", "Accept-Encoding: br", url(oklo, "/b.txt")).body == b"no brotli"
        part = Curl("-H", "Accept-Encoding: gzip", "-r", "-8", url(oklo, "/a.txt"))
        assert part.body == packed[-8:]
        assert Curl(url(oklo, "/a.txt.gz")).body == packed


# ---- what changes

def test_changes_are_seen_within_moments():
    before = {"changed": b"one", "cut": b"12345", "renamed": b"one", "gone": b"x", "d/index.html": b"d",
              "packed": b"plain"}
    with site(before) as oklo:
        def at(name):
            return os.path.join(oklo.root, name)

        def becomes(target, code, body=None):
            def is_there():
                answer = get(oklo.port, target, accept_encoding="gzip")
                return answer.status == code and body in (None, answer.body)
            wait_until(is_there, timeout=5, what=f"{target} to be {code}")
        for name, body in before.items():
            assert get(oklo.port, "/" + name.removesuffix("index.html")).body == body
        write(oklo, "changed", b"two")
        os.truncate(at("cut"), 2)
        write(oklo, "new", b"another")
        os.rename(at("new"), at("renamed"))
        os.remove(at("gone"))
        os.rename(at("d"), at("e"))
        write(oklo, "packed.gz", b"packed")
        becomes("/changed", 200, b"two")
        becomes("/cut", 200, b"12")
        becomes("/renamed", 200, b"another")
        becomes("/gone", 404)
        becomes("/d/", 404)
        assert get(oklo.port, "/e/").body == b"d"
        becomes("/packed", 200, b"packed")
        write(oklo, "gone", b"again")
        assert get(oklo.port, "/gone").body == b"again"


def test_a_file_that_shrinks_while_it_is_sent_ends_the_connection():
    size = 64 << 20
    with site({"big": b"", "a": b"a"}) as oklo, Client(oklo.port) as client:
        os.truncate(os.path.join(oklo.root, "big"), size)
        client.send(request("GET", "/big"))
        head = client.read_until(b"\r\n\r\n")
        assert b"Content-Length: %d\r\n" % size in head
        os.truncate(os.path.join(oklo.root, "big"), 1 << 20)
        received = len(client.buffer)
        with contextlib.suppress(ConnectionResetError):
            while data := client.socket.recv(1 << 20):
                received += len(data)
        assert received < size
        assert get(oklo.port, "/a").body == b"a"
        assert get(oklo.port, "/big").field("content-length") == "1048576"
        wait_until(lambda: status(oklo)["closed"]["file_shrank"] == 1, what="the reason to be counted")


def test_a_file_that_grows_while_it_is_sent_keeps_its_length():
    size = 16 << 20
    with site({"big": b""}) as oklo, Client(oklo.port) as client:
        os.truncate(os.path.join(oklo.root, "big"), size)
        client.send(request("GET", "/big") + request("GET", "/missing"))
        assert b"Content-Length: %d\r\n" % size in client.read_until(b"\r\n\r\n")
        os.truncate(os.path.join(oklo.root, "big"), 2 * size)
        left = size - len(client.buffer)
        client.buffer = b""
        while left:
            left -= len(client.socket.recv(min(left, 1 << 20)))
        assert client.response().status == 404


@needs("curl")
def test_a_slow_reader_gets_all_while_others_are_served():
    with site({"a": b"a"}) as oklo:
        data = os.urandom(1 << 20) * 16
        write(oklo, "big", data)
        with Client(oklo.port) as slow:
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            slow.send(request("GET", "/big", connection="close"))
            slow.read_until(b"\r\n\r\n")
            for _ in range(50):
                assert get(oklo.port, "/a").body == b"a"
            assert Curl("--limit-rate", "16M", url(oklo, "/big")).body == data
            received = [slow.buffer]
            while part := slow.socket.recv(1 << 20):
                received.append(part)
            assert b"".join(received) == data


# ---- what is no plain file

def test_what_is_not_served():
    with site({"a.txt": b"a", ".hidden": b"no", "d/.git/config": b"no", "d/x": b"x"}) as oklo:
        os.mkfifo(os.path.join(oklo.root, "fifo"))
        with socket.socket(socket.AF_UNIX) as local:
            local.bind(os.path.join(oklo.root, "socket"))
        for name, target in ("out", "/etc/passwd"), ("up", "../../etc/passwd"), ("none", "nowhere"), (
                "loop", "loop"), ("in", "d/x"), ("dir", "d"):
            os.symlink(target, os.path.join(oklo.root, name))
        for path in "/.hidden", "/d/.git/config", "/fifo", "/socket", "/out", "/up", "/none", "/loop", \
                "/a.txt/", "/a.txt/x", "/" + "n" * 300, "/" + "n/" * 1000, "/%2ehidden":
            assert get(oklo.port, path).status == 404, path
        for path, body in ("/in", b"x"), ("/dir/x", b"x"), ("/d/../a.txt", b"a"), ("/%61.txt", b"a"), (
                "/a.txt?b=c", b"a"):
            assert get(oklo.port, path).body == body, path
        moved = get(oklo.port, "/d?q")
        assert moved.status == 301 and moved.field("location") == "/d/?q"
        assert get(oklo.port, "/d/").status == 403


def test_only_get_and_head_and_no_body():
    with site({"a": b"a"}) as oklo:
        for method in "POST", "PUT", "DELETE", "PATCH":
            answer = http(oklo.port, request(method, "/a", b""))[0]
            assert answer.status == 405 and answer.field("allow") == "GET, HEAD, OPTIONS"
        assert http(oklo.port, request("GET", "/a", b"body"))[0].status == 400
        assert get(oklo.port, "/a", method="OPTIONS").status == 204
        assert get(oklo.port, "/a", method="TRACE").status in (405, 501)


def test_types_and_names():
    names = {"a.html": "text/html; charset=utf-8", "a.tar.gz": "application/gzip", "b.PNG": "image/png",
             "none": "application/octet-stream", "c d&é.txt": "text/plain; charset=utf-8",
             "s.svg": "image/svg+xml", "m.js": "text/javascript; charset=utf-8"}
    with site(dict.fromkeys(names, b"x"), "--listing", "on") as oklo:
        links = re.findall(r'href="([^"]*)"', get(oklo.port, "/").body.decode())
        linked = {urllib.parse.unquote(urllib.parse.urljoin("/", html.unescape(link))) for link in links}
        assert linked == {"/" + name for name in names}
        for name, media_type in names.items():
            answer = get(oklo.port, "/" + urllib.parse.quote(name))
            assert (answer.status, answer.body) == (200, b"x"), name
            assert answer.field("content-type") == media_type, (name, answer.field("content-type"))
