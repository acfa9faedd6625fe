#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace oklo::codec {

// What the gate and the workers of process mode say to each other: records, in units that are read together
// or not at all. A unit travels as datagrams, its parts. Both sides are of the same binary on the same host,
// so numbers travel as they lie in memory.

// One message. What type, flags and number mean is for who speaks to know.
struct WireRecord {
  uint8_t type = 0;
  uint8_t listener = 0;     // the number of the service
  uint16_t flags = 0;
  uint32_t number = 0;
  uint64_t connection = 0;  // whom it concerns
  std::string_view bytes = {};
};

inline constexpr size_t kWireRecordHeadBytes = 24;

// Appends it to the records of a unit.
void append_wire_record(std::string& unit, const WireRecord& record);

enum class WireRead : uint8_t { record, end, broken };

// Takes the first record off what is left of a unit; its bytes point there.
WireRead read_wire_record(std::string_view& rest, WireRecord& out);

// Stands in front of each datagram.
struct WirePart {
  uint32_t writer = 0;  // the process that sent it
  uint32_t unit = 0;    // the number of the unit; that of the next one is one more
  uint32_t bytes = 0;   // of the whole unit
  uint32_t offset = 0;  // of this part in it; the last part is the one that reaches `bytes`
};

inline constexpr size_t kWirePartHeadBytes = 16;

// Puts kWirePartHeadBytes there; their end.
char* write_wire_part(char* out, const WirePart& part);

// Puts the parts of units together, as they come in from one writer after another. Parts come in order; but
// whoever begins to read may find the rest of a unit whose first parts another has taken, and a writer may
// die before the last part.
class WireUnits {
 public:
  // A unit with more bytes is refused.
  explicit WireUnits(size_t bytes_max) : bytes_max_(bytes_max) {}

  enum class Outcome : uint8_t {
    unit,    // it is there whole
    more,    // it is not
    rest,    // of a unit whose beginning is not here: thrown away
    broken,  // no writer of ours sends that
  };
  // `unit` views the datagram, or memory that the next call and `forget` give back.
  struct Fed {
    Outcome outcome = Outcome::more;
    uint32_t writer = 0;
    uint32_t number = 0;
    std::string_view unit;
    bool first = false;  // a unit has begun: that was its first part
  };
  Fed feed(std::string_view datagram);
  // The unit that feed gave is not looked at any more.
  void forget();
  // Bytes of memory that it has.
  size_t kept_bytes() const { return parts_.capacity(); }
  // Whether some of a unit is there, and some is not.
  bool under_way() const { return expected_.bytes != 0; }

 private:
  Fed begin(const WirePart& part, std::string_view bytes);

  size_t bytes_max_;
  std::string parts_;        // of the unit that is under way
  WirePart expected_;        // its next one; no bytes: none is under way
};

}  // namespace oklo::codec
