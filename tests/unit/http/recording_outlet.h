#pragma once

#include <string>

#include "net/outlet.h"
#include "sys/file.h"

// An Outlet that keeps what is sent to it; of files, the bytes that are in them.
class RecordingOutlet final : public oklo::Outlet {
 public:
  std::span<char> room(size_t bytes) override {
    room_.resize(bytes);
    return room_;
  }
  void advance(size_t bytes) override { sent.append(room_.data(), bytes); }
  bool send(std::string_view bytes) override {
    sent += bytes;
    return true;
  }
  void send_shared(const oklo::BytesRef& bytes, std::string_view view) override {
    held = bytes;
    sent += view;
  }
  void send_file(oklo::sys::Fd file, uint64_t offset, uint64_t size) override {
    std::string content(static_cast<size_t>(size), '\0');
    long got = oklo::sys::read_at(file.get(), content.data(), content.size(), offset);
    content.resize(got < 0 ? 0 : static_cast<size_t>(got));
    sent += content;
    files++;
  }
  size_t queued() const override { return sent.size(); }

  std::string sent;
  oklo::BytesRef held;  // the last shared bytes, as a slow client holds them
  int files = 0;

 private:
  std::string room_;
};
