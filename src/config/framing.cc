#include "config/framing.h"

#include <string>

#include "codec/stream_framing.h"

namespace oklo::config {

namespace {

using Kind = StreamFraming::Kind;

// A directive that says how messages are cut, and whether it does.
struct Way {
  const char* name;
  Kind kind;
  bool taken;
};

}  // namespace

// What is echoed are whole messages.
void settle_framing(Faults& faults, const OpenBlock& block, Listener& listener, Place place) {
  StreamFraming& framing = listener.stream.framing;
  framing.keep_delimiter = framing.keep_header = true;
  if (!listener.delimiter.empty()) framing.delimiter = Delimiter(listener.delimiter);
  if (listener.length_bytes) framing.length_bytes = listener.length_bytes;
  for (const Way& way : {Way{"delimiter", Kind::delimiter, !listener.delimiter.empty()},
                         Way{"fixed_bytes", Kind::fixed, framing.fixed_bytes > 0},
                         Way{"length_bytes", Kind::length_field, listener.length_bytes > 0}}) {
    if (!way.taken) continue;
    if (framing.kind != Kind::none)
      return faults.add(*block.place_of(way.name),
                        "messages have a delimiter, fixed_bytes or length_bytes, one of them");
    framing.kind = way.kind;
  }
  for (const OpenBlock::Seen& seen : block.seen)
    if (seen.directive->name.starts_with("length_") && !block.place_of("length_bytes"))
      faults.add(seen.place, std::string(seen.directive->name) + " goes with length_bytes");
  if (const char* wrong = codec::framing_fault(framing)) faults.add(place, wrong);
}

}  // namespace oklo::config
