#include "net/output_queue.h"

#include <doctest/doctest.h>

#include <errno.h>

#include <array>
#include <string>

#include "net/heap.h"
#include "net/queue_fixture.h"

using oklo::Block;
using oklo::BytesRef;
using oklo::OutputQueue;

namespace {

void make_small(const oklo::sys::Fd& socket) {
  int bytes = 1;  // the kernel takes the least that it allows
  REQUIRE(setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
}

// Many parts of all kinds and of sizes that fit nowhere.
void add_all_kinds(Queue& queue, const std::string& text) {
  size_t at = 0;
  for (size_t i = 0; at < text.size(); i++) {
    size_t size = std::min(text.size() - at, 1 + i * 37 % 5000);
    std::string_view part = std::string_view(text).substr(at, size);
    if (i % 4 == 0) queue.bytes(part);
    if (i % 4 == 1) queue.shared(part);
    if (i % 4 == 2) queue.file(text, at, size);
    if (i % 4 == 3) queue.written(part);
    at += size;
  }
}

}  // namespace

TEST_CASE("net/output_queue: what is given is sent in its order") {
  Queue queue;
  CHECK(queue.output.empty());
  queue.bytes("one ");
  queue.written("two ");
  queue.shared("three ");
  queue.bytes("four ");
  queue.file("....five ....", 4, 5);
  queue.file("six ", 0, 4);
  queue.shared("seven ");
  queue.written("eight");
  CHECK(!queue.output.empty());
  CHECK(queue.send() == static_cast<long>(queue.promised.size()));
  CHECK(queue.output.empty());
  CHECK(queue.output.bytes() == 0);
  CHECK(queue.peer.read() == "one two three four five six seven eight");
}

TEST_CASE("net/output_queue: what needs no file goes in one call, however many parts it is") {
  Queue queue(SOCK_SEQPACKET);
  queue.bytes("a");
  queue.bytes("b");
  queue.written("c");
  CHECK(queue.send() == 3);
  CHECK(queue.peer.read_message() == "abc");
  queue.bytes("a");
  queue.shared("b");
  queue.bytes("c");
  CHECK(queue.send() == 3);
  CHECK(queue.peer.read_message() == "abc");
}

TEST_CASE("net/output_queue: parts that are empty are no parts") {
  Queue queue;
  queue.bytes("");
  queue.shared("");
  int fd = -1;
  {
    oklo::sys::Fd file = file_of("content");
    fd = file.get();
    queue.output.append_file(queue.pool, std::move(file), 3, 0);
  }
  CHECK(queue.output.empty());
  CHECK(!is_open(fd));
}

TEST_CASE("net/output_queue: room that stays unused does no harm") {
  for (int before_what = 0; before_what < 4; before_what++) {
    CAPTURE(before_what);
    Queue queue;
    CHECK(queue.output.room(queue.pool, 100).size() >= 100);
    queue.output.advance(0);
    if (before_what == 1) queue.bytes("bytes");
    if (before_what == 2) queue.shared("shared");
    if (before_what == 3) queue.file("file", 0, 4);
    CHECK(queue.output.bytes() == (before_what == 3 ? 0 : queue.promised.size()));
    CHECK(queue.send() == static_cast<long>(queue.promised.size()));
    CHECK(queue.output.empty());
    CHECK(queue.peer.read() == queue.promised);
  }
}

TEST_CASE("net/output_queue: room is as large as it was asked for, at the end of what is there") {
  Queue queue;
  queue.bytes(std::string(Block::kBytes - 10, 'x'));
  CHECK(queue.output.room(queue.pool, 10).size() == 10);
  CHECK(queue.output.room(queue.pool, 11).size() == Block::kBytes);
  queue.written(std::string(Block::kBytes, 'y'));
  CHECK(queue.output.bytes() == 2 * Block::kBytes - 10);
  CHECK(queue.send() == static_cast<long>(queue.promised.size()));
  CHECK(queue.peer.read() == queue.promised);
}

TEST_CASE("net/output_queue: more parts than one call takes") {
  Queue queue;
  for (int i = 0; i < 100; i++) {
    queue.bytes(std::to_string(i) + " ");
    queue.shared(std::to_string(i) + "\n");
  }
  CHECK(queue.output.bytes() == queue.promised.size());
  std::string got;
  CHECK(queue.send_all(got) == 0);
  CHECK(got == queue.promised);
}

TEST_CASE("net/output_queue: a large queue of many blocks") {
  Queue queue;
  std::string text = numbered(5 << 20);
  queue.bytes(text);
  CHECK(queue.output.bytes() == text.size());
  long first = queue.send();
  CHECK(first > 0);
  CHECK(queue.output.bytes() == text.size() - static_cast<size_t>(first));
  CHECK(queue.send() == 0);  // the socket is full
  std::string got;
  CHECK(queue.send_all(got) == 0);
  CHECK(got == text);
  CHECK(queue.output.bytes() == 0);
}

TEST_CASE("net/output_queue: all kinds through a socket that takes little, to a peer that reads little") {
  std::string text = numbered(300'000);
  for (size_t step : {1u, 100u, 2'311u, 70'001u}) {
    CAPTURE(step);
    Queue queue;
    make_small(queue.socket);
    add_all_kinds(queue, step == 1 ? text.substr(0, 60'000) : text);
    std::string got;
    CHECK(queue.send_all(got, step) == 0);
    CHECK(got == queue.promised);
    CHECK(queue.output.bytes() == 0);
  }
}

TEST_CASE("net/output_queue: bytes counts what waits in memory, and no files") {
  Queue queue;
  CHECK(queue.output.bytes() == 0);
  queue.bytes("12345");
  CHECK(queue.output.bytes() == 5);
  queue.shared("123");
  CHECK(queue.output.bytes() == 8);
  queue.file("1234567", 0, 7);
  CHECK(queue.output.bytes() == 8);
  queue.written("12");
  CHECK(queue.output.bytes() == 10);
  CHECK(queue.send() == 17);
  CHECK(queue.output.bytes() == 0);
  queue.file("1234567", 0, 7);
  CHECK(!queue.output.empty());
  CHECK(queue.output.bytes() == 0);
}

TEST_CASE("net/output_queue: what is added while some waits comes behind it") {
  Queue queue;
  make_small(queue.socket);
  std::string got;
  for (int i = 0; i < 300; i++) {
    queue.bytes(numbered(1 + static_cast<size_t>(i) * 13));
    if (i % 3 == 0) queue.shared("shared " + std::to_string(i));
    if (i % 7 == 0) queue.file("a file", 2, 4);
    REQUIRE(queue.send() >= 0);
    got += queue.peer.read(700);
  }
  CHECK(queue.output.bytes() > 0);
  CHECK(queue.send_all(got) == 0);
  CHECK(got == queue.promised);
}

TEST_CASE("net/output_queue: of a file nothing but the piece that was asked for") {
  Queue queue;
  std::string text = numbered(3 << 20);
  queue.file(text, 12'345, (2 << 20) + 17);
  queue.file(text, text.size() - 1, 1);
  std::string got;
  CHECK(queue.send_all(got) == 0);
  CHECK(got == queue.promised);
}

TEST_CASE("net/output_queue: a file that is shorter than promised is an error") {
  for (size_t missing : {1u, 3u, 8u}) {
    CAPTURE(missing);
    Queue queue;
    queue.bytes("head ");
    oklo::sys::Fd file = file_of(std::string("content!").substr(missing));
    queue.output.append_file(queue.pool, std::move(file), 0, 8);
    queue.bytes(" never sent");
    std::string got;
    CHECK(queue.send_all(got) == -ENODATA);
    got += queue.peer.read();
    CHECK(got == "head " + std::string("content!").substr(missing));
  }
  Queue queue;
  queue.file("content", 0, 0);
  queue.output.append_file(queue.pool, file_of("content"), 100, 1);
  CHECK(queue.send() == -ENODATA);
}

TEST_CASE("net/output_queue: a file that shrinks while it is sent is an error, one that grows is not") {
  for (bool shrinks : {false, true}) {
    Queue queue;
    std::string text = numbered(2 << 20), got;
    oklo::sys::Fd file = file_of(text);
    oklo::sys::Fd same(fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
    queue.output.append_file(queue.pool, std::move(file), 0, text.size());
    REQUIRE(queue.send() > 0);
    REQUIRE(!queue.output.empty());
    REQUIRE(ftruncate(same.get(), shrinks ? 1 << 20 : 3 << 20) == 0);
    CHECK(queue.send_all(got) == (shrinks ? -ENODATA : 0));
    got += queue.peer.read();
    CHECK(got == text.substr(0, shrinks ? 1 << 20 : 2 << 20));
  }
}

TEST_CASE("net/output_queue: a file is closed when it is sent") {
  Queue queue;
  oklo::sys::Fd first = file_of("first"), second = file_of(numbered(4 << 20));
  std::array<int, 2> fds = {first.get(), second.get()};
  queue.output.append_file(queue.pool, std::move(first), 0, 5);
  queue.output.append_file(queue.pool, std::move(second), 0, 4 << 20);
  CHECK(is_open(fds[0]));
  REQUIRE(queue.send() > 5);
  CHECK(!is_open(fds[0]));
  CHECK(is_open(fds[1]));
  std::string got;
  CHECK(queue.send_all(got) == 0);
  CHECK(!is_open(fds[1]));
  CHECK(got == "first" + numbered(4 << 20));
}

TEST_CASE("net/output_queue: shared bytes are held until they are sent, by each queue") {
  constexpr size_t kMuch = 4 << 20;
  Queue first, second;
  size_t before = heap_in_use();
  BytesRef bytes = BytesRef::make(numbered(kMuch));
  first.output.append_shared(first.pool, bytes, bytes.view());
  first.output.append_shared(first.pool, bytes, bytes.view().substr(0, 1));
  second.output.append_shared(second.pool, bytes, bytes.view().substr(kMuch / 2));
  bytes = BytesRef();
  std::string got, text = numbered(kMuch);
  CHECK(first.send_all(got) == 0);
  CHECK(got == text + text[0]);
  got = {};
  CHECK(second.send_all(got) == 0);
  CHECK(got == text.substr(kMuch / 2));
  got = text = {};
  got.shrink_to_fit();
  text.shrink_to_fit();
  if (heap_is_counted()) CHECK(heap_in_use() < before + kMuch / 2);
}

TEST_CASE("net/output_queue: clear lets go of everything") {
  constexpr size_t kMuch = 1 << 20;
  Queue queue;
  size_t before = heap_in_use();
  int fd = -1;
  for (int i = 0; i < 3; i++) {
    queue.bytes(numbered(40'000));
    BytesRef bytes = BytesRef::make(numbered(kMuch));
    queue.output.append_shared(queue.pool, bytes, bytes.view());
    oklo::sys::Fd file = file_of("content");
    fd = file.get();
    queue.output.append_file(queue.pool, std::move(file), 0, 7);
  }
  REQUIRE(queue.send() > 0);  // A part of it is under way.
  REQUIRE(!queue.output.empty());
  CHECK(is_open(fd));
  queue.output.clear(queue.pool);
  CHECK(queue.output.empty());
  CHECK(queue.output.bytes() == 0);
  CHECK(!is_open(fd));
  queue.promised = {};
  queue.promised.shrink_to_fit();
  if (heap_is_counted()) CHECK(heap_in_use() < before + kMuch);  // The pool keeps some blocks.
  queue.peer.read();
  queue.bytes("again");
  CHECK(queue.send() == 5);
  CHECK(queue.peer.read() == "again");
  queue.output.clear(queue.pool);
}

TEST_CASE("net/output_queue: it holds blocks only while there is something") {
  Queue queue;
  Block* block = queue.pool.take();
  queue.pool.give_back(block);
  for (int i = 0; i < 3; i++) {
    queue.bytes("x");
    Block* other = queue.pool.take();
    CHECK(other != block);
    queue.pool.give_back(other);
    REQUIRE(queue.send() == 1);
    Block* again = queue.pool.take();
    CHECK(again == block);
    queue.pool.give_back(again);
  }
}

TEST_CASE("net/output_queue: a peer that is gone is its errno number, and the queue can be cleared") {
  for (int kind = 0; kind < 3; kind++) {
    CAPTURE(kind);
    Queue queue;
    queue.peer.close();
    if (kind == 0) queue.bytes("bytes");
    if (kind == 1) queue.shared("shared");
    if (kind == 2) queue.file("file", 0, 4);
    CHECK(queue.send() == -EPIPE);
    CHECK(!queue.output.empty());
  }
}

TEST_CASE("net/output_queue: of what is dropped only whole shared bytes go, the oldest first") {
  Queue queue;
  std::string dropped;
  auto drop = [&](size_t bytes) {
    queue.output.drop_shared(queue.pool, bytes, [&dropped](std::string_view one) { dropped += one; });
  };
  drop(10);
  make_small(queue.socket);
  std::string large(1 << 20, 'l');
  queue.shared(large);
  REQUIRE(queue.send() > 0);
  queue.bytes("one ");
  queue.shared("two ");
  oklo::BytesRef ref = BytesRef::make("a part of it");
  queue.shared(ref, ref.view().substr(2, 5));
  queue.shared("three ");
  queue.shared("four ");
  drop(3);
  CHECK(dropped == "two ");
  drop(SIZE_MAX);
  CHECK(dropped == "two three four ");
  queue.bytes("five");
  std::string got;
  CHECK(queue.send_all(got) >= 0);
  CHECK(got == large + "one part five");
  CHECK(queue.output.bytes() == 0);
  queue.shared("six");
  drop(SIZE_MAX);
  CHECK(queue.output.empty());
  queue.bytes("seven");
  CHECK(queue.send() == 5);
}

TEST_CASE("net/output_queue: what is handed over comes in its order, and counts until it is forgotten") {
  Queue queue;
  std::string text = numbered(200'000), got;
  add_all_kinds(queue, text);
  queue.output.room(queue.pool, 1);
  size_t memory = 0;
  for (int round = 0; round < 2; round++) {
    queue.output.hand_over(
        queue.pool,
        [&](std::string_view bytes) {
          CHECK(!bytes.empty());
          memory += bytes.size();
          got += bytes;
        },
        [&](oklo::sys::Fd file, uint64_t offset, uint64_t size) {
          std::string part(static_cast<size_t>(size), '\0');
          CHECK(pread(file.get(), part.data(), part.size(), static_cast<off_t>(offset)) ==
                static_cast<ssize_t>(size));
          got += part;
        });
    CHECK(queue.output.empty());
  }
  CHECK(got == text);
  CHECK(queue.output.bytes() == memory);
  REQUIRE(queue.output.append_short(queue.pool, "short"));
  CHECK(queue.output.bytes() == memory + 5);
  queue.output.forget(memory);
  CHECK(queue.output.bytes() == 5);
  std::string rest;
  CHECK(queue.send_all(rest) == 0);
  CHECK(rest == "short");
}
