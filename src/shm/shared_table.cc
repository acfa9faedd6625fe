#include "shm/shared_table.h"

#include <algorithm>
#include <cstring>

#include "base/siphash.h"
#include "sys/random.h"

namespace oklo {

using Link = TableIndex::Link;

// A line of the cache of its own, before the index.
struct alignas(64) SharedTable::Head {
  std::array<uint64_t, 2> hash_key;
};

// Behind it stand the two copies of the row's bytes.
struct alignas(8) SharedTable::Row {
  std::atomic<uint32_t> holds;  // which copy, 0 or 1
  uint32_t hash;
  uint8_t key_size;
  char key[kKeyBytesMax];
};

namespace {

// A copy begins at a multiple of 8 bytes, so that a row may hold numbers.
size_t padded(uint32_t row_bytes) { return (size_t{row_bytes} + 7) / 8 * 8; }

}  // namespace

Result<SharedTable> SharedTable::create(uint32_t rows, uint32_t row_bytes) {
  OKLO_ASSERT(rows >= 1 && rows <= kRowsMax && row_bytes <= kRowBytesMax);
  uint64_t stride = sizeof(Row) + 2 * padded(row_bytes);
  uint64_t size = sizeof(Head) + TableIndex::bytes(rows) + rows * stride;
  // What does not fit into the address space is refused by the kernel too.
  size_t asked = static_cast<size_t>(std::min<uint64_t>(size, SIZE_MAX));
  Result<sys::Memory> memory = sys::Memory::allocate_shared(asked);
  if (!memory) return std::move(memory).error();
  SharedTable table(std::move(memory).value(), rows, row_bytes);
  reinterpret_cast<Head*>(table.memory_.data())->hash_key = sys::random_key();
  table.index_.init();
  return table;
}

SharedTable::SharedTable(sys::Memory memory, uint32_t rows, uint32_t row_bytes)
    : memory_(std::move(memory)),
      index_(memory_.data() + sizeof(Head), rows),
      rows_(rows),
      row_bytes_(row_bytes),
      row_stride_(sizeof(Row) + 2 * padded(row_bytes)),
      first_row_(memory_.data() + sizeof(Head) + TableIndex::bytes(rows)) {}

SharedTable::Row& SharedTable::row(uint32_t index) const {
  return *reinterpret_cast<Row*>(first_row_ + index * row_stride_);
}

char* SharedTable::bytes(uint32_t index, uint32_t copy) const {
  return reinterpret_cast<char*>(&row(index) + 1) + copy * padded(row_bytes_);
}

SharedTable::Key SharedTable::find(std::string_view text) const {
  uint64_t hash = siphash(reinterpret_cast<const Head*>(memory_.data())->hash_key, text);
  return {text, static_cast<uint32_t>(hash >> 32), index_.place(hash)};
}

// The link that names the key's row, or the 0 at the end of the chain. Under the lock.
Link& SharedTable::link_to(const Key& key) const {
  Link* link = &index_.first(key.place);
  while (uint32_t named = link->load(std::memory_order_relaxed)) {
    const Row& at = row(named - 1);
    if (at.hash == key.hash && std::string_view(at.key, at.key_size) == key.text) break;
    link = &index_.next(named - 1);
  }
  return *link;
}

bool SharedTable::get(std::string_view text, char* out) const {
  const Key key = find(text);
  TableHold hold(index_, key.place.stripe);
  uint32_t named = link_to(key).load(std::memory_order_relaxed);
  if (named == 0) return false;
  std::memcpy(out, bytes(named - 1, row(named - 1).holds.load(std::memory_order_relaxed)), row_bytes_);
  return true;
}

bool SharedTable::contains(std::string_view text) const {
  const Key key = find(text);
  TableHold hold(index_, key.place.stripe);
  return link_to(key).load(std::memory_order_relaxed) != 0;
}

bool SharedTable::erase(std::string_view text) const {
  const Key key = find(text);
  TableHold hold(index_, key.place.stripe);
  Link& link = link_to(key);
  if (link.load(std::memory_order_relaxed) == 0) return false;
  index_.erase(key.place, link);
  return true;
}

// Who uses the row may change until the lock is there.
bool SharedTable::read(uint32_t place, std::string& key, char* out) const {
  uint32_t user = index_.user(place);
  if (user == 0) return false;
  TableHold hold(index_, user - 1);
  if (index_.user(place) != user) return false;
  const Row& at = row(place);
  key.assign(at.key, at.key_size);
  std::memcpy(out, bytes(place, at.holds.load(std::memory_order_relaxed)), row_bytes_);
  return true;
}

SharedTable::Change::Change(const SharedTable& table, std::string_view text)
    : table_(table), key_(table.find(text)), hold_(table.index_, key_.place.stripe) {
  OKLO_ASSERT(text.size() <= kKeyBytesMax);
  uint32_t named = table.link_to(key_).load(std::memory_order_relaxed);
  if (named == 0) return;
  state_ = State::found;
  row_ = named - 1;
  uint32_t holds = table.row(row_).holds.load(std::memory_order_relaxed);
  bytes_ = table.bytes(row_, 1 - holds);
  std::memcpy(bytes_, table.bytes(row_, holds), table.row_bytes_);
}

// The row in the pool is nobody's, so all of it may be written before it is linked.
bool SharedTable::Change::insert() {
  OKLO_ASSERT(state_ == State::absent);
  if (!table_.index_.take(key_.place, row_)) return false;
  state_ = State::inserted;
  Row& row = table_.row(row_);
  row.holds.store(0, std::memory_order_relaxed);
  row.hash = key_.hash;
  row.key_size = static_cast<uint8_t>(key_.text.size());
  key_.text.copy(row.key, kKeyBytesMax);
  bytes_ = table_.bytes(row_, 0);
  std::memset(bytes_, 0, table_.row_bytes_);
  return true;
}

void SharedTable::Change::commit() {
  OKLO_ASSERT(state_ == State::found || state_ == State::inserted);
  if (state_ == State::inserted) table_.index_.link(key_.place, row_);
  else table_.row(row_).holds.fetch_xor(1, std::memory_order_release);
  state_ = State::done;
}

SharedTable::Change::~Change() {
  if (state_ == State::inserted) table_.index_.give_back(key_.place, row_);
}

}  // namespace oklo
