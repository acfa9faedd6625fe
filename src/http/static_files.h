#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/range.h"
#include "http/exchange.h"
#include "http/file_cache.h"
#include "sys/fd.h"

#include <oklo/router.h>

namespace oklo::http {

// Serves the files beneath one directory. Opened by the master before it forks, used in each worker,
// where its cache fills; it dies with the RouteTable that owns it.
class StaticFiles {
 public:
  // What is wrong with the options, for whoever wrote them; empty: nothing.
  static std::string fault_of(const FilesOptions& options);
  static Result<std::unique_ptr<StaticFiles>> open(const std::string& directory, FilesOptions options);

  // Answers GET or HEAD for exchange.mount_rest, the path below the directory as it was sent ("" or
  // beginning with '/').
  void serve(Exchange& exchange);

  int root_fd() const { return root_.get(); }

 private:
  StaticFiles(sys::Fd root, FilesOptions options);

  CachedFile* look_up(Exchange& exchange, std::string_view path);
  CachedFile* look_up_file(Exchange& exchange, std::string_view path);
  CachedFile* look_up_directory(Exchange& exchange, std::string_view path);
  CachedFile* remember(Exchange& exchange, std::string_view path, std::string name,
                       const sys::FileInfo& info);
  void send_listing(Exchange& exchange, std::string_view path);
  void redirect_to_directory(Exchange& exchange);

  bool send(Exchange& exchange, CachedFile& file);
  bool send_part(Exchange& exchange, CachedFile& file, FileVariant& variant, const codec::ByteRange* range);
  bool send_parts(Exchange& exchange, CachedFile& file, FileVariant& variant, const codec::RangeSet& set);
  bool load_small(CachedFile& file, FileVariant& variant);

  sys::Fd root_;
  FilesOptions options_;
  std::string lines_;  // of its fields
  FileCache cache_;
};

}  // namespace oklo::http
