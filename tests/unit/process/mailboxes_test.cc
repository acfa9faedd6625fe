#include "process/mailboxes.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include <oklo/worker.h>

#include "process/mailbox_reader.h"

using oklo::Mailboxes;
using oklo::MailboxReader;
using oklo::Reactor;

namespace {

struct Inbox {
  explicit Inbox(const Mailboxes& boxes, uint32_t slot)
      : reactor(Reactor::create(1024).value()),
        reader(MailboxReader::start(*reactor, boxes.reading_end(slot),
                                    [this](uint32_t from, std::string_view bytes) {
                                      got.emplace_back(from, bytes);
                                    })
                   .value()) {}
  void turn() {
    reactor->post([] {});
    reactor->run_once();
  }
  std::unique_ptr<Reactor> reactor;
  std::vector<std::pair<uint32_t, std::string>> got;
  std::unique_ptr<MailboxReader> reader;
};

}  // namespace

TEST_CASE("process/mailboxes: a message comes whole, with its sender, to the slot alone") {
  Mailboxes boxes = Mailboxes::create(2).value();
  Inbox first(boxes, 0), second(boxes, 1);
  std::string longest(oklo::kMessageBytesMax, 'x');
  CHECK(boxes.send(7, 1, "hello"));
  CHECK(boxes.send(0, 1, ""));
  CHECK(boxes.send(8, 1, longest));
  first.turn();
  second.turn();
  CHECK(first.got.empty());
  REQUIRE(second.got.size() == 3);
  CHECK(second.got[0] == std::pair<uint32_t, std::string>(7, "hello"));
  CHECK(second.got[1] == std::pair<uint32_t, std::string>(0, ""));
  CHECK(second.got[2] == std::pair<uint32_t, std::string>(8, longest));
}

TEST_CASE("process/mailboxes: no such slot, and a message that is too long") {
  Mailboxes boxes = Mailboxes::create(1).value();
  CHECK_FALSE(boxes.send(1, 1, "x"));
  CHECK_FALSE(boxes.send(1, 0, std::string(oklo::kMessageBytesMax + 1, 'x')));
}

TEST_CASE("process/mailboxes: a full mailbox refuses, and takes more when it was read") {
  Mailboxes boxes = Mailboxes::create(1).value();
  size_t sent = 0;
  while (boxes.send(1, 0, std::string(1000, 'x'))) sent++;
  CHECK(sent >= 10);
  Inbox inbox(boxes, 0);
  for (int i = 0; i < 100 && inbox.got.size() < sent; i++) inbox.turn();
  CHECK(inbox.got.size() == sent);
  CHECK(boxes.send(1, 0, "x"));
}

TEST_CASE("process/mailboxes: what waits is there for the next reader") {
  Mailboxes boxes = Mailboxes::create(1).value();
  {
    Inbox inbox(boxes, 0);
    CHECK(boxes.send(1, 0, "first"));
    inbox.turn();
    CHECK(inbox.got.size() == 1);
    CHECK(boxes.send(1, 0, "second"));
  }
  Inbox next(boxes, 0);
  next.turn();
  REQUIRE(next.got.size() == 1);
  CHECK(next.got[0].second == "second");
}

TEST_CASE("process/mailboxes: two readers share, and the one that finds nothing is well") {
  Mailboxes boxes = Mailboxes::create(1).value();
  Inbox first(boxes, 0), second(boxes, 0);
  CHECK(boxes.send(1, 0, "x"));
  first.turn();
  second.turn();
  CHECK(first.got.size() == 1);
  CHECK(second.got.empty());
}
