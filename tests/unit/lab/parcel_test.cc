#include "lab/parcel.h"

#include <doctest/doctest.h>

#include "guarded.h"

using oklo::lab::ParcelReader;
using oklo::lab::ParcelWriter;

namespace {

const std::string kSealed =
    ParcelWriter().number(7).text("a text").real(2.5).text("").number(UINT64_MAX).sealed();

}  // namespace

TEST_CASE("lab/parcel: what is put in comes out") {
  REQUIRE(ParcelReader::size_of(kSealed) == kSealed.size() - ParcelReader::kSealBytes);
  ParcelReader reader(std::string_view(kSealed).substr(ParcelReader::kSealBytes));
  CHECK(reader.number() == 7);
  CHECK(reader.text() == "a text");
  CHECK(reader.real() == 2.5);
  CHECK(reader.text().empty());
  CHECK(reader.number() == UINT64_MAX);
  CHECK(reader.whole());
  CHECK(reader.number() == 0);
  CHECK(!reader.whole());
}

TEST_CASE("lab/parcel: one that ends anywhere gives zeros and empty texts from there on") {
  const std::string_view whole = std::string_view(kSealed).substr(ParcelReader::kSealBytes);
  for (size_t size = 0; size < whole.size(); size++) {
    Guarded bytes(whole.substr(0, size));
    ParcelReader reader(bytes.view());
    (void)reader.number();
    (void)reader.text();
    (void)reader.real();
    (void)reader.text();
    CHECK(reader.number() == 0);
    CHECK(!reader.whole());
  }
  CHECK(ParcelReader::size_of("1234567") == 0);
}
