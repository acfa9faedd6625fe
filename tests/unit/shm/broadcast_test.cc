#include "shm/broadcast.h"

#include <doctest/doctest.h>

#include "shm/broadcast_reader.h"
#include "shm/broadcast_writer.h"

TEST_CASE("shm/broadcast: a ring and a bell for each life") {
  oklo::Broadcast broadcast = oklo::Broadcast::create(3).value();
  CHECK(broadcast.lives() == 3);
  oklo::BroadcastReader reader(broadcast.ring(1));
  oklo::BroadcastReader other(broadcast.ring(2));
  oklo::BroadcastWriter writer(broadcast.ring(1));
  CHECK(writer.write(7, 9, "hello"));
  oklo::BroadcastMessage message;
  CHECK(reader.read(message).outcome == oklo::BroadcastRead::Outcome::message);
  CHECK(message.payload == "hello");
  CHECK(other.read(message).outcome == oklo::BroadcastRead::Outcome::none);
}

TEST_CASE("shm/broadcast: its bells are what children must keep") {
  oklo::Broadcast broadcast = oklo::Broadcast::create(2).value();
  std::vector<int> fds = {0};
  broadcast.add_fds(fds);
  CHECK(fds == std::vector<int>{0, broadcast.bell(0).fd(), broadcast.bell(1).fd()});
}
