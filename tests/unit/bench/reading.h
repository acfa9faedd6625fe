#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "bench/reader.h"
#include "guarded.h"

// What a reader makes of bytes that come as one, then of the same in pieces.
class Reading {
 public:
  explicit Reading(oklo::bench::Reader& reader) : reader_(reader) { reader_.reset(); }

  void take(std::string_view piece) {
    using Kind = oklo::bench::Step::Kind;
    unread_ += piece;
    while (!unread_.empty() && !over_) {
      Guarded bytes(unread_);
      oklo::bench::Step step = reader_.read({bytes.data(), bytes.size()});
      REQUIRE(step.used <= bytes.size());
      unread_ = bytes.view().substr(step.used);
      if (step.kind == Kind::more) break;
      tell(step);
    }
    if (!over_) CHECK(unread_.size() <= oklo::bench::Reader::kUnusedMax);
  }
  void end() {
    if (!over_) tell(reader_.end());
  }
  const std::string& text() const { return text_; }

 private:
  void tell(const oklo::bench::Step& step) {
    using Kind = oklo::bench::Step::Kind;
    over_ = step.kind == Kind::last || step.kind == Kind::broken;
    if (step.kind == Kind::ready) text_ += "ready ";
    if (std::string reply = reader_.take_reply(); !reply.empty()) text_ += "reply(" + reply + ") ";
    bool failed = step.kind == Kind::broken || !step.good;
    if (step.kind == Kind::answer || step.kind == Kind::last)
      text_ += (step.kind == Kind::last ? "last " : "answer ") + std::to_string(step.length) + " ";
    if (failed) text_ += std::string(oklo::bench::kFaultNames[static_cast<size_t>(step.fault)].key) + " ";
  }

  oklo::bench::Reader& reader_;
  std::string unread_;
  std::string text_;
  bool over_ = false;
};

// The same comes of it whole, byte by byte, and split at each place.
inline std::string read_all(oklo::bench::Reader& reader, std::string_view text, bool ends = false) {
  auto read = [&](size_t split, size_t piece) {
    Reading reading(reader);
    reading.take(text.substr(0, split));
    for (size_t at = split; at < text.size(); at += piece) reading.take(text.substr(at, piece));
    if (ends) reading.end();
    return reading.text();
  };
  std::string whole = read(0, text.size());
  CHECK(read(0, 1) == whole);
  for (size_t split = 1; split < text.size(); split++) CHECK(read(split, text.size()) == whole);
  return whole;
}
