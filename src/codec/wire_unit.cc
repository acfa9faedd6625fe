#include "codec/wire_unit.h"

#include <cstring>

namespace oklo::codec {

namespace {

struct RecordHead {
  uint8_t type;
  uint8_t listener;
  uint16_t flags;
  uint32_t number;
  uint64_t connection;
  uint32_t size;
  uint32_t unused;
};
static_assert(sizeof(RecordHead) == kWireRecordHeadBytes);
static_assert(sizeof(WirePart) == kWirePartHeadBytes);

}  // namespace

void append_wire_record(std::string& unit, const WireRecord& record) {
  RecordHead head = {record.type,       record.listener, record.flags, record.number,
                     record.connection, static_cast<uint32_t>(record.bytes.size()), 0};
  unit.append(reinterpret_cast<const char*>(&head), sizeof head);
  unit.append(record.bytes);
}

WireRead read_wire_record(std::string_view& rest, WireRecord& out) {
  if (rest.empty()) return WireRead::end;
  RecordHead head;
  if (rest.size() < sizeof head) return WireRead::broken;
  std::memcpy(&head, rest.data(), sizeof head);
  rest.remove_prefix(sizeof head);
  if (head.size > rest.size() || head.unused != 0) return WireRead::broken;
  out = {head.type, head.listener, head.flags, head.number, head.connection, rest.substr(0, head.size)};
  rest.remove_prefix(head.size);
  return WireRead::record;
}

char* write_wire_part(char* out, const WirePart& part) {
  std::memcpy(out, &part, sizeof part);
  return out + sizeof part;
}

WireUnits::Fed WireUnits::feed(std::string_view datagram) {
  WirePart part;
  if (datagram.size() <= sizeof part) return {Outcome::broken, 0, 0, {}, false};
  std::memcpy(&part, datagram.data(), sizeof part);
  std::string_view bytes = datagram.substr(sizeof part);
  bool fits =
      part.bytes <= bytes_max_ && part.offset < part.bytes && bytes.size() <= part.bytes - part.offset;
  if (!fits) return {Outcome::broken, part.writer, part.unit, {}, false};
  if (part.offset == 0) return begin(part, bytes);
  bool follows = expected_.bytes != 0 && part.writer == expected_.writer && part.unit == expected_.unit;
  if (!follows) return {Outcome::rest, part.writer, part.unit, {}, false};
  if (part.bytes != expected_.bytes || part.offset != expected_.offset)
    return {Outcome::broken, part.writer, part.unit, {}, false};
  parts_.append(bytes);
  expected_.offset += static_cast<uint32_t>(bytes.size());
  if (expected_.offset < part.bytes) return {Outcome::more, part.writer, part.unit, {}, false};
  expected_.bytes = 0;
  return {Outcome::unit, part.writer, part.unit, parts_, false};
}

void WireUnits::forget() {
  expected_.bytes = 0;
  std::string().swap(parts_);
}

// Nearly all units have one part, which is not copied.
WireUnits::Fed WireUnits::begin(const WirePart& part, std::string_view bytes) {
  forget();
  if (bytes.size() == part.bytes) return {Outcome::unit, part.writer, part.unit, bytes, true};
  parts_.assign(bytes);
  expected_ = part;
  expected_.offset = static_cast<uint32_t>(bytes.size());
  return {Outcome::more, part.writer, part.unit, {}, true};
}

}  // namespace oklo::codec
