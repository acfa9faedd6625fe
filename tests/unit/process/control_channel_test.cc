#include "process/control_channel.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "sys/socket_pair.h"

using oklo::ControlChannel;
using oklo::ControlMessage;
using oklo::Reactor;

namespace {

// A channel whose other end is the test.
struct Ends {
  std::unique_ptr<Reactor> reactor = Reactor::create(256).value();
  oklo::sys::Fd other;
  std::vector<ControlMessage> heard;
  int passed = 0;
  int ends = 0;
  std::unique_ptr<ControlChannel> channel;

  Ends() {
    oklo::sys::SocketPair pair = oklo::sys::SocketPair::create().value();
    other = std::move(pair.second);
    ControlChannel::Events events;
    events.on_message = [this](const ControlMessage& message, oklo::sys::Fd fd) {
      heard.push_back(message);
      if (fd) passed++;
    };
    events.on_end = [this] { ends++; };
    channel = ControlChannel::create(*reactor, std::move(pair.first), std::move(events)).value();
  }
  void say(const void* bytes, size_t size) {
    REQUIRE(::send(other.get(), bytes, size, 0) == static_cast<ssize_t>(size));
  }
  void turn() {
    reactor->post([] {});
    reactor->run_once();
  }
};

ControlMessage message(ControlMessage::Type type, uint32_t argument) {
  ControlMessage made;
  made.type = type;
  made.argument = argument;
  return made;
}

}  // namespace

TEST_CASE("process/control_channel: messages pass whole and in order, an fd with them") {
  Ends ends;
  CHECK(ends.channel->send(message(ControlMessage::Type::serve, 3)));
  ControlMessage got;
  REQUIRE(recv(ends.other.get(), &got, sizeof got, 0) == static_cast<ssize_t>(sizeof got));
  CHECK(got.type == ControlMessage::Type::serve);
  CHECK(got.argument == 3);

  ControlMessage log = message(ControlMessage::Type::log, 0);
  std::span<const char> bytes(reinterpret_cast<const char*>(&log), sizeof log);
  REQUIRE(oklo::sys::send_message(ends.other.get(), bytes, STDERR_FILENO) > 0);
  ControlMessage drain = message(ControlMessage::Type::drain, 1);
  ends.say(&drain, sizeof drain);
  ends.turn();
  ends.turn();
  REQUIRE(ends.heard.size() == 2);
  CHECK(ends.passed == 1);
  CHECK(ends.heard[1].type == ControlMessage::Type::drain);
}

TEST_CASE("process/control_channel: the last words of a process that is gone are heard") {
  Ends ends;
  ControlMessage failed = message(ControlMessage::Type::failed, 0);
  std::string(ControlMessage::kTextBytesMax, 'x').copy(failed.text, sizeof failed.text);
  ends.say(&failed, sizeof failed);
  ends.other.reset();
  ends.channel->receive_rest();
  REQUIRE(ends.heard.size() == 1);
  CHECK(std::string(ends.heard[0].text).size() == ControlMessage::kTextBytesMax - 1);
  CHECK(ends.ends == 1);
  ends.channel->receive_rest();
  ends.turn();
  CHECK(ends.ends == 1);
  CHECK_FALSE(ends.channel->send(message(ControlMessage::Type::leave, 0)));
}

TEST_CASE("process/control_channel: a message of a wrong size or type is the end") {
  Ends shorter;
  shorter.say("abc", 3);
  shorter.turn();
  CHECK(shorter.ends == 1);

  Ends unknown;
  ControlMessage odd = message(static_cast<ControlMessage::Type>(77), 0);
  unknown.say(&odd, sizeof odd);
  unknown.turn();
  CHECK(unknown.ends == 1);
  CHECK(unknown.heard.empty());
}
