#include "codec/form.h"

#include <cstdint>
#include <vector>

#include "base/assert.h"

using namespace oklo::codec;

namespace {

// Escapes every byte.
std::string encoded(std::string_view text) {
  std::string out;
  for (char c : text) {
    out += '%';
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

struct Decoded {
  std::string name;
  std::string value;
  bool operator==(const Decoded&) const = default;
};

std::vector<Decoded> all(std::string_view text) {
  std::vector<Decoded> list;
  FormPairs pairs(text);
  FormPair pair;
  while (pairs.next(pair)) {
    OKLO_ASSERT(pair.name.size() + pair.value.size() <= text.size());
    OKLO_ASSERT(pair.name.find_first_of("&=") == pair.name.npos && pair.value.find('&') == pair.value.npos);
    list.push_back({decode_form(pair.name), decode_form(pair.value)});
    OKLO_ASSERT(list.back().name.size() <= pair.name.size() && form_equal(pair.name, list.back().name));
  }
  return list;
}

}  // namespace

// What is decoded and encoded again is the same form, and the first pair of a name is found by it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<Decoded> list = all(text);
  std::string again;
  for (const Decoded& pair : list) again += "&" + encoded(pair.name) + "=" + encoded(pair.value);
  OKLO_ASSERT(all(again) == list);
  for (size_t i = 0; i < list.size() && i < 16; i++) {
    size_t first = 0;
    while (list[first].name != list[i].name) first++;
    OKLO_ASSERT(find_form(text, list[i].name) == list[first].value);
  }
  return 0;
}
