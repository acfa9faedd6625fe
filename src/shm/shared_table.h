#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "shm/table_index.h"
#include "sys/memory.h"

namespace oklo {

// Rows of bytes under keys, in shared memory made by the master before it forks, that any process reads and
// changes; as many rows as were asked for at most. Each operation locks the stripe of its key (TableIndex):
// a process that is stopped in the middle of one holds up a part of the table; one that dies does not. A row
// has two copies of its bytes, and one store at the end of a change says which holds: a death at any moment
// leaves either the old row or the new one.
class SharedTable {
 public:
  static constexpr size_t kKeyBytesMax = 63;
  static constexpr uint32_t kRowsMax = TableIndex::kRowsMax;
  static constexpr uint32_t kRowBytesMax = uint32_t{1} << 20;

  // At least one row.
  static Result<SharedTable> create(uint32_t rows, uint32_t row_bytes);

  uint32_t rows() const { return rows_; }
  uint32_t row_bytes() const { return row_bytes_; }
  uint32_t size() const { return index_.size(); }  // while others change it, about the number of rows in use

  // A copy of a row; false when there is none. No key that is too long has a row.
  bool get(std::string_view key, char* out) const;
  bool contains(std::string_view key) const;
  bool erase(std::string_view key) const;  // whether there was one

  // The row in a place of the pool, 0 to rows() - 1, if it is in use. A row keeps its place, so to read each
  // place once is to see once each row that stays.
  bool read(uint32_t place, std::string& key, char* out) const;

  class Change;

 private:
  struct Head;
  struct Row;
  struct Key;

  SharedTable(sys::Memory memory, uint32_t rows, uint32_t row_bytes);

  Row& row(uint32_t index) const;
  char* bytes(uint32_t row, uint32_t copy) const;
  Key find(std::string_view text) const;
  TableIndex::Link& link_to(const Key& key) const;

  sys::Memory memory_;  // a head, the index, the rows
  TableIndex index_;
  uint32_t rows_;
  uint32_t row_bytes_;
  size_t row_stride_;
  char* first_row_;
};

struct SharedTable::Key {
  std::string_view text;
  uint32_t hash;  // other bits than those that choose the place
  TableIndex::Place place;
};

// One row that is being changed; its stripe is locked as long as this lives, so it should not live long, and
// nobody may have two at once. Nobody sees anything of the change before commit, and without commit it has
// not happened.
class SharedTable::Change {
 public:
  // The key is borrowed, and not too long.
  Change(const SharedTable& table, std::string_view key);
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;
  ~Change();

  // Whether there is such a row. If not, insert makes one, of zeros; false when the table is full.
  bool found() const { return state_ == State::found; }
  [[nodiscard]] bool insert();

  // What the row will hold: at first, what it holds.
  char* bytes() const { return bytes_; }
  void commit();

 private:
  enum class State : uint8_t { absent, found, inserted, done };

  const SharedTable& table_;
  Key key_;
  TableHold hold_;
  State state_ = State::absent;
  uint32_t row_ = 0;
  char* bytes_ = nullptr;
};

}  // namespace oklo
