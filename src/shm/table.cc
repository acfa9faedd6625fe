#include <oklo/table.h>

#include "shm/shared_table.h"
#include "shm/table_columns.h"

namespace oklo {

static_assert(Table::kKeyBytesMax == SharedTable::kKeyBytesMax);

struct Table::Parts {
  TableColumns columns;
  std::optional<SharedTable> rows;
  std::string error;

  explicit Parts(TableOptions options) : columns({}) {
    error = TableColumns::check(options.columns);
    if (options.rows < 1 || options.rows > SharedTable::kRowsMax) error = "a table has 1 to 2^30 rows";
    if (!error.empty()) return;
    columns = TableColumns(std::move(options.columns));
    Result<SharedTable> made = SharedTable::create(options.rows, columns.row_bytes());
    if (made) rows.emplace(std::move(made).value());
    else error = std::move(made).error().text;
  }

  const SharedTable& table() const {
    OKLO_ASSERT(rows.has_value());
    return *rows;
  }

  // Changes the row of the key, which it makes if need be, under its lock.
  template <class Body>
  Stored change(std::string_view key, Body body) const {
    if (key.size() > kKeyBytesMax) return Stored::too_long;
    SharedTable::Change change(table(), key);
    if (!change.found() && !change.insert()) return Stored::full;
    body(change.bytes());
    change.commit();
    return Stored::yes;
  }
};

TableRow::TableRow(const TableColumns& columns) : columns_(&columns), bytes_(columns.row_bytes()) {}

int64_t TableRow::integer(std::string_view column) const {
  return TableColumns::integer(bytes_.data(), columns_->find(column, ColumnType::integer));
}

double TableRow::number(std::string_view column) const {
  return TableColumns::number(bytes_.data(), columns_->find(column, ColumnType::number));
}

std::string_view TableRow::text(std::string_view column) const {
  return TableColumns::text(bytes_.data(), columns_->find(column, ColumnType::text));
}

Table::Table(TableOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&&) noexcept = default;
Table::~Table() = default;

bool Table::ok() const { return parts_->error.empty(); }
const std::string& Table::error() const { return parts_->error; }

Stored Table::set(std::string_view key, std::initializer_list<TableCell> cells) {
  return set(key, std::span(cells.begin(), cells.size()));
}

Stored Table::set(std::string_view key, std::span<const TableCell> cells) {
  const TableColumns& columns = parts_->columns;
  for (const TableCell& cell : cells)
    if (!columns.fits(cell)) return Stored::too_long;
  return parts_->change(key, [&](char* row) {
    for (const TableCell& cell : cells) columns.store(row, cell);
  });
}

std::optional<int64_t> Table::increment(std::string_view key, std::string_view name, int64_t amount) {
  const TableColumns::Column& column = parts_->columns.find(name, ColumnType::integer);
  uint64_t sum = static_cast<uint64_t>(amount);
  Stored stored = parts_->change(key, [&](char* row) {
    sum += static_cast<uint64_t>(TableColumns::integer(row, column));
    TableColumns::set_integer(row, column, static_cast<int64_t>(sum));
  });
  if (stored != Stored::yes) return std::nullopt;
  return static_cast<int64_t>(sum);
}

std::optional<int64_t> Table::decrement(std::string_view key, std::string_view column, int64_t amount) {
  return increment(key, column, static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(amount)));
}

std::optional<double> Table::add(std::string_view key, std::string_view name, double amount) {
  const TableColumns::Column& column = parts_->columns.find(name, ColumnType::number);
  Stored stored = parts_->change(key, [&](char* row) {
    amount += TableColumns::number(row, column);
    TableColumns::set_number(row, column, amount);
  });
  if (stored != Stored::yes) return std::nullopt;
  return amount;
}

std::optional<TableRow> Table::get(std::string_view key) const {
  const SharedTable& table = parts_->table();
  TableRow row(parts_->columns);
  if (!table.get(key, row.bytes_.data())) return std::nullopt;
  row.key_ = key;
  return row;
}

std::optional<int64_t> Table::integer(std::string_view key, std::string_view column) const {
  std::optional<TableRow> row = get(key);
  if (!row) return std::nullopt;
  return row->integer(column);
}

std::optional<double> Table::number(std::string_view key, std::string_view column) const {
  std::optional<TableRow> row = get(key);
  if (!row) return std::nullopt;
  return row->number(column);
}

std::optional<std::string> Table::text(std::string_view key, std::string_view column) const {
  std::optional<TableRow> row = get(key);
  if (!row) return std::nullopt;
  return std::string(row->text(column));
}

bool Table::contains(std::string_view key) const { return parts_->table().contains(key); }
bool Table::erase(std::string_view key) { return parts_->table().erase(key); }
size_t Table::size() const { return parts_->table().size(); }
size_t Table::capacity() const { return parts_->table().rows(); }

void Table::for_each(const Function<void(const TableRow&)>& visit) const {
  const SharedTable& table = parts_->table();
  TableRow row(parts_->columns);
  for (uint32_t place = 0; place < table.rows(); place++)
    if (table.read(place, row.key_, row.bytes_.data())) visit(row);
}

}  // namespace oklo
