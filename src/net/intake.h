#pragma once

namespace oklo {

// What takes in work from one listening socket for as long as it lives.
class Intake {
 public:
  virtual ~Intake() = default;

  // Takes all that waits now, as far as there is room: before the socket is closed, which would reset it.
  virtual void take_waiting() = 0;
  // There is room for connections again.
  virtual void on_room() = 0;
};

}  // namespace oklo
