#include <oklo/form.h>

#include <doctest/doctest.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "form_text.h"
#include "temp_dir.h"

using namespace oklo;

namespace {

// A form with two fields of one name, and two files, of which the second lies on the disk.
struct Filled {
  TempDir dir;
  FormOptions options{.memory_bytes = 5, .directory = dir.path()};
  http::FormData data{options};

  Filled() {
    add("a", "1");
    add("b", "");
    add("a", "2");
    add_file("small", "../x y.txt", "12345");
    add_file("large", "", std::string(100'000, 'l'));
  }
  void add(std::string_view name, std::string_view value) {
    REQUIRE(data.begin_field(name) == 0);
    REQUIRE(data.append(value) == 0);
    data.end();
  }
  void add_file(std::string_view name, std::string_view file_name, std::string_view content) {
    REQUIRE(data.begin_file(name, file_name, "image/png") == 0);
    for (size_t at = 0; at < content.size(); at += 1000) REQUIRE(data.append(content.substr(at, 1000)) == 0);
    data.end();
  }
};

std::string saved_content(const std::string& path) { return sys::read_file(path, 1 << 20).value(); }

}  // namespace

TEST_CASE("http/form: fields by name, all of one name, all of them") {
  Filled filled;
  Form form = filled.data.form();
  CHECK(form.value("a") == "1");
  CHECK(form.value("b").empty());
  CHECK(form.has("b"));
  CHECK(form.value("c").empty());
  CHECK(!form.has("c"));
  CHECK(!form.has("A"));
  CHECK(!form.has("small"));
  CHECK(form.values("a") == std::vector<std::string_view>{"1", "2"});
  CHECK(form.values("c").empty());
  CHECK(form.field_count() == 3);
  std::string all;
  form.fields([&all](std::string_view name, std::string_view value) {
    all.append(name).append("=").append(value).append(";");
  });
  CHECK(all == "a=1;b=;a=2;");
}

TEST_CASE("http/form: a small file is in memory, a large one on the disk") {
  Filled filled;
  Form form = filled.data.form();
  REQUIRE(form.file("small"));
  FormFile small = *form.file("small");
  CHECK(small.name() == "small");
  CHECK(small.file_name() == "../x y.txt");
  CHECK(small.safe_name() == "x y.txt");
  CHECK(small.content_type() == "image/png");
  CHECK(small.size() == 5);
  CHECK(small.bytes() == "12345");
  CHECK(small.fd() == -1);
  FormFile large = *form.file("large");
  CHECK(large.safe_name() == "file");
  CHECK(large.size() == 100'000);
  CHECK(large.bytes().empty());
  char room[10];
  CHECK(read(large.fd(), room, sizeof room) == sizeof room);
  CHECK(content_of(large) == std::string(100'000, 'l'));
  CHECK(!form.file("a"));
  CHECK(!form.file(""));
  CHECK(form.file_count() == 2);
}

TEST_CASE("http/form: files are saved under a name that is free, and outlive the form") {
  TempDir target;
  {
    Filled filled;
    filled.data.form().files([&](const FormFile& file) {
      CHECK(file.save(target / file.name(), 0640));
      FormSaved again = file.save(target / file.name());
      CHECK(!again);
      CHECK(again.number == EEXIST);
      CHECK(again.reason == "cannot save " + (target / file.name()) + ": File exists");
      CHECK(file.save(target / "none/x").number == ENOENT);
      CHECK(file.save(std::string("/tmp/a\0b", 8)).number == EINVAL);
      CHECK(file.save("").number == ENOENT);
    });
  }
  CHECK(saved_content(target / "small") == "12345");
  CHECK(saved_content(target / "large") == std::string(100'000, 'l'));
  struct stat info = {};
  REQUIRE(stat((target / "large").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
}

TEST_CASE("http/form: its files go with it") {
  size_t fds = sys::open_fds().size();
  {
    Filled filled;
    CHECK(sys::open_fds().size() == fds + 1);
  }
  CHECK(sys::open_fds().size() == fds);
}
