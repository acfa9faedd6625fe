"""A small WebSocket client (RFC 6455) over the raw Client of the harness, for tests that must also send what
no proper client would."""

import base64
import hashlib
import os
import struct

from harness import Client, request

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def masked(payload, mask):
    """The payload with its mask put on or taken off."""
    size = len(payload)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def frame(opcode, payload=b"", fin=True, mask=b"\x12\x34\x56\x78", reserved=0):
    """The bytes of one frame; without a mask where `mask` is None."""
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head = struct.pack(">BB", first, bit | len(payload))
    elif len(payload) < 1 << 16:
        head = struct.pack(">BBH", first, bit | 126, len(payload))
    else:
        head = struct.pack(">BBQ", first, bit | 127, len(payload))
    return head + (mask + masked(payload, mask) if mask else payload)


def close_frame(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason)


class WebSocket:
    """Connects, shakes hands, sends and receives. Pings are answered where `answers` is set."""

    def __init__(self, port, path="/ws", timeout=10, answers=True, **fields):
        self.client = Client(port, timeout=timeout)
        self.answers = answers
        key = base64.b64encode(os.urandom(16)).decode()
        self.client.send(request("GET", path, upgrade="websocket", connection="Upgrade",
                                 sec_websocket_version=13, sec_websocket_key=key, **fields))
        self.answer = self.client.response()
        if self.answer.status == 101:
            proof = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
            assert self.answer.field("sec-websocket-accept") == proof

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def send(self, payload):
        """A message: a text for str, else bytes."""
        text = isinstance(payload, str)
        self.send_raw(frame(TEXT if text else BINARY, payload.encode() if text else payload))
        return self

    def send_raw(self, data):
        self.client.send(data)
        return self

    def receive_frame(self):
        """The opcode and payload of the next frame, which must be one that a server may send."""
        first, second = self.client.read(2)
        assert first & 0x80 and not second & 0x80, f"a bad frame: {first:#x} {second:#x}"
        size = second
        if size == 126:
            size, = struct.unpack(">H", self.client.read(2))
        elif size == 127:
            size, = struct.unpack(">Q", self.client.read(8))
        return first & 0x0f, self.client.read(size)

    def receive(self):
        """The next message, str or bytes; EOFError when the server closes instead."""
        while True:
            opcode, payload = self.receive_frame()
            if opcode == PING and self.answers:
                self.send_raw(frame(PONG, payload))
            elif opcode == CLOSE:
                raise EOFError(f"closed with {payload!r}")
            elif opcode in (TEXT, BINARY):
                return payload.decode() if opcode == TEXT else payload

    def closed_with(self):
        """Reads up to the close frame of the server and the end of the stream: its code, None without one."""
        while True:
            opcode, payload = self.receive_frame()
            if opcode == CLOSE:
                assert self.client.closed(), "more behind the close frame"
                return struct.unpack(">H", payload[:2])[0] if payload else None

    def close(self, code=1000):
        """The closing handshake; the code that came back."""
        self.send_raw(close_frame(code))
        return self.closed_with()
