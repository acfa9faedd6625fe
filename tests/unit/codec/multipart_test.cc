#include "codec/multipart.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "guarded.h"

using namespace oklo::codec;

namespace {

using Kind = MultipartEvent::Kind;
using std::string_literals::operator""s;

constexpr uint32_t kPartsMax = 8;

// What was met, as text: "[name|file|type]content." for each part, "end", or the status of what is bad.
class Reader {
 public:
  explicit Reader(std::string_view boundary = "b", uint32_t parts_max = kPartsMax)
      : parser_(boundary, parts_max) {}

  void feed(std::string_view piece) {
    Guarded guarded(piece);
    std::string_view bytes = guarded.view();
    for (;;) {
      MultipartEvent event = parser_.next(bytes);
      if (event.kind == Kind::bad) status_ = event.status;
      if (event.kind == Kind::bad || event.kind == Kind::need_more) break;
      note(event);
    }
    if (status_ == 0) CHECK(bytes.empty());
  }

  std::string text() const {
    if (status_ != 0) return std::to_string(status_);
    CHECK(parser_.finished() == text_.ends_with("end"));
    return text_;
  }

 private:
  void note(const MultipartEvent& event) {
    if (event.kind == Kind::data) {
      CHECK(in_part_);
      CHECK_FALSE(event.data.empty());
      text_ += event.data;
    } else if (event.kind == Kind::part_begins) {
      CHECK_FALSE(in_part_);
      in_part_ = true;
      text_.append("[").append(parser_.name()).append("|");
      text_.append(parser_.has_file_name() ? parser_.file_name() : "-");
      text_.append("|").append(parser_.content_type()).append("]");
    } else if (event.kind == Kind::part_ends) {
      CHECK(in_part_);
      in_part_ = false;
      text_ += '.';
    } else {
      CHECK_FALSE(in_part_);
      text_ += "end";
    }
  }

  MultipartParser parser_;
  std::string text_;
  uint16_t status_ = 0;
  bool in_part_ = false;
};

std::string parsed_in_two(std::string_view body, size_t split, uint32_t parts_max) {
  Reader reader("b", parts_max);
  reader.feed(body.substr(0, split));
  reader.feed(body.substr(split));
  return reader.text();
}

// Parses it whole, byte by byte and split at each place: the same must come of it.
std::string parsed(std::string_view body, uint32_t parts_max = kPartsMax) {
  std::string whole = parsed_in_two(body, body.size(), parts_max);
  for (size_t split = 0; split < body.size() && split < 300; split++)
    CHECK(parsed_in_two(body, split, parts_max) == whole);
  Reader bytewise("b", parts_max);
  for (size_t at = 0; at < body.size(); at++) bytewise.feed(body.substr(at, 1));
  CHECK(bytewise.text() == whole);
  return whole;
}

const std::string kDisposition = "Content-Disposition: form-data; name=\"n\"\r\n";

// A body of one part with that header and that content.
std::string with_header(const std::string& header, const std::string& content = "x") {
  return "--b\r\n" + header + "\r\n" + content + "\r\n--b--\r\n";
}

std::string with_content(const std::string& content) { return with_header(kDisposition, content); }
std::string one(const std::string& content) { return "[n|-|]" + content + ".end"; }

std::string named(const std::string& parameters) {
  return parsed(with_header("Content-Disposition: " + parameters + "\r\n"));
}

std::string boundary(std::string_view content_type) {
  Guarded guarded(content_type);
  return multipart_boundary(guarded.view()).value_or("(none)");
}

}  // namespace

TEST_CASE("codec/multipart: fields and files") {
  CHECK(parsed("--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA cat\r\n"
               "--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"cat.png\"\r\n"
               "Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\r\n--b--\r\n") ==
        "[title|-|]A cat.[photo|cat.png|image/png]\x89PNG\r\n\x1a\n.end");
  CHECK(parsed(with_content("")) == one(""));
  CHECK(parsed(with_content("\0\r\n"s)) == one("\0\r\n"s));
  CHECK(parsed("--b--\r\n") == "end");
  CHECK(parsed("--b--") == "end");
}

TEST_CASE("codec/multipart: what looks like a boundary in the content") {
  for (const char* content :
       {"\r", "\n", "\r\n", "\r\n-", "\r\n--", "\r\n--a", "\r\n--\r\n--a", "\r\r\n--a", "\r\n\r\n-", "x--b",
        "\n--b", "\r--b", "\r\n-b", "\r\n--B", "\r\n- -b", "-", "--", "x\r\n--\rx"}) {
    CAPTURE(content);
    CHECK(parsed(with_content(content)) == one(content));
    const std::string twice = content + std::string(content) + "x";
    CHECK(parsed(with_content(twice)) == one(twice));
  }
  const std::string longer = "--boundary\r\n" + kDisposition + "\r\n\r\n--boundarz\r\n--boundary--";
  for (size_t split = 0; split <= longer.size(); split++) {
    Reader reader("boundary");
    reader.feed(std::string_view(longer).substr(0, split));
    reader.feed(std::string_view(longer).substr(split));
    CHECK(reader.text() == one("\r\n--boundarz"));
  }
}

TEST_CASE("codec/multipart: a part without content needs no line break of its own") {
  CHECK(parsed("--b\r\n" + kDisposition + "\r\n--b--\r\n") == one(""));
  CHECK(parsed("--b\r\n" + kDisposition + "\r\n--b\r\n" + kDisposition + "\r\n--b--") == "[n|-|].[n|-|].end");
}

TEST_CASE("codec/multipart: preamble, padding and epilogue") {
  CHECK(parsed("no part\r\n--x\r\nnor this --b\r\n" + with_content("x")) == one("x"));
  CHECK(parsed("\r\n" + with_content("x")) == one("x"));
  CHECK(parsed("-" + with_content("x")) == "end");
  CHECK(parsed("--b \t \r\n" + kDisposition + "\r\nx\r\n--b--") == one("x"));
  CHECK(parsed(with_content("x") + "behind\r\n--b\r\n\r\n--b--") == one("x"));
  CHECK(parsed(with_content("x") + std::string(2, '\0')) == one("x"));
}

TEST_CASE("codec/multipart: a body that does not end is not finished") {
  const std::string body = with_content("hello");
  const size_t last = body.rfind("--");
  for (size_t size = 0; size < last + 2; size++) {
    Reader reader;
    reader.feed(std::string_view(body).substr(0, size));
    CHECK_FALSE(reader.text().ends_with("end"));
  }
  CHECK(parsed("") == "");
  CHECK(parsed("--c--\r\n") == "");
}

TEST_CASE("codec/multipart: the line of a boundary") {
  for (const char* line :
       {"--bx\r\n", "--b-\r\n", "--b -\r\n", "--b --\r\n", "--b\n", "--b\rx", "--b\r\r\n", "--bb--"}) {
    CAPTURE(line);
    CHECK(parsed(line + kDisposition + "\r\nx\r\n--b--") == "400");
    CHECK(parsed("--b\r\n" + kDisposition + "\r\nx\r\n" + line) == "400");
  }
}

TEST_CASE("codec/multipart: the header of a part") {
  CHECK(parsed(with_header("X-One: 1\r\ncontent-DISPOSITION:form-data;name=n\r\nX-Two:\r\n")) == one("x"));
  CHECK(parsed(with_header(kDisposition + "Content-Type:  a/b; c=\"d\" \r\n")) == "[n|-|a/b; c=\"d\"]x.end");
  for (const std::string& header :
       {""s, "X: 1\r\n"s, kDisposition + kDisposition,
        kDisposition + "Content-Type: a\r\nContent-Type: a\r\n", kDisposition + "X\r\n",
        kDisposition + ": x\r\n", kDisposition + "X : 1\r\n", kDisposition + " folded\r\n",
        kDisposition + "X: 1\n", kDisposition + "X: \x01\r\n", kDisposition + "X: a\rb\r\n",
        kDisposition + "X: \0\r\n"s, "\n"s, kDisposition + "\n"}) {
    CAPTURE(header);
    CHECK(parsed(with_header(header)) == "400");
  }
}

TEST_CASE("codec/multipart: names and file names") {
  CHECK(named("form-data; name=n") == one("x"));
  CHECK(named("FORM-DATA; NAME=\"a b\"; FileName=\"\"") == "[a b||]x.end");
  CHECK(named("form-data; name=\"\"") == "[|-|]x.end");
  CHECK(named("form-data; name=\"\xc3\xa4\"; filename=\"C:\\x\\\"y\\\".txt\"") ==
        "[\xc3\xa4|C:\\x\"y\".txt|]x.end");
  CHECK(named("form-data; name=\"a%22b\"; filename*=UTF-8''c") == "[a%22b|-|]x.end");
  CHECK(named("form-data; filename=\"../../etc/passwd\"; name=n") == "[n|../../etc/passwd|]x.end");
  for (const char* parameters :
       {"form-data", "form-data; filename=\"a\"", "attachment; name=\"n\"", "name=\"n\"",
        "form-data; name=\"a\"; name=\"b\"", "form-data; name=\"a\"; filename=b; filename=c",
        "form-data; name=\"a", "form-data; name=a b", "form-data name=\"a\"", "form-data; name=\"a\"; x",
        ""}) {
    CAPTURE(parameters);
    CHECK(named(parameters) == "400");
  }
}

TEST_CASE("codec/multipart: the name and the rest belong to one part alone") {
  CHECK(parsed("--b\r\nContent-Disposition: form-data; name=a; filename=f\r\nContent-Type: t\r\n\r\n1\r\n"
               "--b\r\nContent-Disposition: form-data; name=c\r\n\r\n2\r\n--b--") == "[a|f|t]1.[c|-|]2.end");
}

TEST_CASE("codec/multipart: the limits") {
  const std::string part = "--b\r\n" + kDisposition + "\r\nx\r\n";
  CHECK(parsed(part + part + "--b--", 2) == "[n|-|]x.[n|-|]x.end");
  CHECK(parsed(part + part + "--b--", 1) == "413");
  CHECK(parsed(part + "--b--", 0) == "413");
  CHECK(parsed("--b--", 0) == "end");
  size_t room = MultipartParser::kHeaderBytesMax - kDisposition.size() - 2;
  CHECK(parsed(with_header(kDisposition + "X: " + std::string(room - 5, 'x') + "\r\n")) == one("x"));
  CHECK(parsed(with_header(kDisposition + "X: " + std::string(room - 4, 'x') + "\r\n")) == "413");
  CHECK(parsed("--b\r\n" + std::string(MultipartParser::kHeaderBytesMax, 'x')) == "");
  CHECK(parsed("--b\r\n" + std::string(MultipartParser::kHeaderBytesMax + 1, 'x')) == "413");
}

TEST_CASE("codec/multipart: what was bad stays bad") {
  MultipartParser parser("b", 1);
  std::string_view bytes = "--bx";
  CHECK(parser.next(bytes).kind == Kind::bad);
  std::string_view good = "--b--";
  MultipartEvent event = parser.next(good);
  CHECK(event.kind == Kind::bad);
  CHECK(event.status == 400);
  CHECK(std::string_view(event.reason) == "bad line with a multipart boundary");
  CHECK_FALSE(parser.finished());
}

TEST_CASE("codec/multipart: content goes through in one piece where no boundary is near") {
  std::string content(100000, 'x');
  for (size_t at = 0; at < content.size(); at += 10) content[at] = "\r\n-"[at / 10 % 3];
  const std::string body = with_content(content);
  MultipartParser parser("b", 1);
  std::string_view bytes = body;
  CHECK(parser.next(bytes).kind == Kind::part_begins);
  MultipartEvent event = parser.next(bytes);
  CHECK(event.kind == Kind::data);
  CHECK(event.data == content);
}

TEST_CASE("codec/multipart: the boundary of a content type") {
  CHECK(boundary("multipart/form-data; boundary=b") == "b");
  CHECK(boundary("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b'()+_,-./:=?c\"") == "a b'()+_,-./:=?c");
  CHECK(boundary("multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW") ==
        "----WebKitFormBoundary7MA4YWxkTrZu0gW");
  CHECK(boundary("multipart/form-data; boundary=--=_Part:1/2") == "--=_Part:1/2");
  CHECK(boundary("multipart/form-data; boundary=" + std::string(70, 'x')) == std::string(70, 'x'));
  for (const std::string& type :
       {""s, "multipart/form-data"s, "multipart/mixed; boundary=b"s, "multipart/form-data; boundary="s,
        "multipart/form-data; boundary=\"\""s, "multipart/form-data; boundary=\"b \""s,
        "multipart/form-data; boundary=b; boundary=b"s, "multipart/form-data; boundary=\"b"s,
        "multipart/form-data; boundary=b c"s, "multipart/form-data; boundary=b; x"s,
        "multipart/form-data; boundary=\xc3\xa4"s, "multipart/form-data; boundary=b*"s,
        "multipart/form-data; boundary=\"b\\\"\""s, "multipart/form-data, boundary=b"s,
        "multipart/form-data; boundary=" + std::string(71, 'x')}) {
    CAPTURE(type);
    CHECK(boundary(type) == "(none)");
  }
}
