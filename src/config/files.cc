#include "config/files.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/glob.h"
#include "sys/file.h"

namespace oklo::config {

namespace {

using codec::ConfigLexer;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Of a regular file alone, so that a reload waits for nobody who writes.
Result<std::string> read_text(const std::string& path) {
  sys::Fd file;
  sys::FileInfo info;
  long error = sys::open_to_read(path.c_str(), file);
  if (error >= 0) error = sys::file_info(file.get(), info);
  if (error < 0) return system_error(static_cast<int>(-error), "cannot open " + path);
  if (info.kind != sys::FileInfo::Kind::regular) return Error{0, path + " is no regular file"};
  if (info.size > kFileBytesMax) return Error{0, path + " has more than 1 MiB"};
  std::string text(static_cast<size_t>(info.size), '\0');
  size_t size = 0;
  for (long got = 1; got > 0 && size < text.size(); size += static_cast<size_t>(got)) {
    got = sys::read_at(file.get(), text.data() + size, text.size() - size, size);
    if (got < 0) return system_error(static_cast<int>(-got), "cannot read " + path);
  }
  text.resize(size);
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

std::string beside_of(const Source& source, const std::string& path) {
  return path.starts_with('/') ? path : directory_of(source.name) + path;
}

class FilesReader {
 public:
  FilesReader(Faults& faults, const ConfigLexer::Lookup& lookup) : faults_(faults), lookup_(lookup) {}

  Result<std::vector<Statement>> read(const std::string& path) {
    if (std::find(open_.begin(), open_.end(), path) != open_.end())
      return Error{0, path + " includes itself"};
    if (open_.size() > kIncludeDepthMax) return Error{0, "includes nest 16 deep at most"};
    if (files_++ == kFilesMax) return Error{0, "a configuration has 1000 files at most"};
    Result<std::string> text = read_text(path);
    if (!text) return std::move(text).error();
    uint32_t source = faults_.add_source(path, std::move(text).value());
    open_.push_back(path);
    std::vector<Statement> statements = with_includes(read_syntax(faults_, source, lookup_));
    open_.pop_back();
    return statements;
  }

 private:
  std::vector<Statement> with_includes(std::vector<Statement> from) {
    std::vector<Statement> all;
    for (Statement& statement : from) {
      if (statement.name() == "include") {
        include(statement, all);
        continue;
      }
      statement.block = with_includes(std::move(statement.block));
      all.push_back(std::move(statement));
    }
    return all;
  }

  void include(const Statement& statement, std::vector<Statement>& out) {
    if (statement.has_block) faults_.add(statement.place(), "include takes no block");
    if (statement.words.size() != 2)
      return faults_.add(statement.place(), "include takes one path, which may hold * ? and [");
    if (statement.broken) return;
    const Word& word = statement.words[1];
    if (word.text.find('\0') != word.text.npos) return faults_.add(word.place, "a path holds no zero byte");
    Result<std::vector<std::string>> paths = glob(beside_of(faults_.source(word.place.source), word.text));
    if (!paths) return faults_.add(word.place, paths.error().text);
    for (const std::string& path : *paths) {
      Result<std::vector<Statement>> statements = read(path);
      if (!statements) faults_.add(word.place, statements.error().text);
      else std::move(statements->begin(), statements->end(), std::back_inserter(out));
    }
  }

  Faults& faults_;
  const ConfigLexer::Lookup& lookup_;
  std::vector<std::string> open_;  // which are being read, the outermost first
  size_t files_ = 0;
};

}  // namespace

std::string path_in(const Source& source, const std::string& path) {
  std::string beside = beside_of(source, path);
  return sys::absolute_path(beside.starts_with("./") ? beside.substr(2) : beside);
}

std::vector<Statement> read_files(Faults& faults, const std::string& path,
                                  const ConfigLexer::Lookup& lookup) {
  Result<std::vector<Statement>> statements = FilesReader(faults, lookup).read(path);
  if (statements) return std::move(statements).value();
  faults.add(statements.error().text);
  return {};
}

}  // namespace oklo::config
