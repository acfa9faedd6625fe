#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oklo::codec {

inline constexpr size_t kBoundaryBytesMax = 70;  // RFC 2046 section 5.1.1

// The boundary that the value of a Content-Type field names. Nothing where that is not multipart/form-data,
// or names no boundary, more than one, or one that can't be.
std::optional<std::string> multipart_boundary(std::string_view content_type);

// What a parser has met.
struct MultipartEvent {
  enum class Kind : uint8_t {
    need_more,    // all bytes are used up
    part_begins,  // its name and the rest can be asked for
    data,         // a piece of the part's content, in `data`
    part_ends,
    all_ends,     // what comes behind is passed over
    bad,          // the body is malformed, or goes over a limit
  };

  Kind kind = Kind::need_more;
  uint16_t status = 0;      // with bad: the status of the answer
  const char* reason = "";  // with bad: a few words for the log
  std::string_view data;    // until the parser is called again; points into the bytes or into the parser
};

// Takes a multipart/form-data body apart (RFC 7578, RFC 2046 section 5.1.1) as it comes, in any pieces. It
// keeps the header of one part and at most a boundary's length of the content. It lives as long as the body.
class MultipartParser {
 public:
  static constexpr size_t kHeaderBytesMax = 8192;  // of each part

  // The boundary must be one that multipart_boundary gave. `header_bytes_max` may be less than that of all.
  MultipartParser(std::string_view boundary, uint32_t parts_max, size_t header_bytes_max = kHeaderBytesMax);

  // The next event in `bytes`, from whose front it takes what it has used. To be called until it needs
  // more. Once something was bad, it is bad for ever.
  MultipartEvent next(std::string_view& bytes);

  // Whether the body was whole: else it must be refused when there is nothing more to come.
  bool finished() const { return step_ == Step::done; }

  // Of the part that began last, as the client sent it: a file name is not to be trusted, and browsers write
  // a quote as %22 and line ends as %0D and %0A in it (RFC 7578 section 4.2). Valid until the next part.
  std::string_view name() const { return name_; }
  bool has_file_name() const { return has_file_name_; }
  std::string_view file_name() const { return file_name_; }
  std::string_view content_type() const { return content_type_; }  // empty: text/plain

 private:
  enum class Step : uint8_t { search, tail, padding, dash, line_feed, header, done, bad };
  enum class Fault : uint8_t { none, boundary_line, header, header_large, disposition, parts };

  MultipartEvent search(std::string_view& bytes);
  MultipartEvent match_delimiter(std::string_view& bytes);
  size_t data_size(std::string_view bytes) const;
  MultipartEvent end_part();
  MultipartEvent take_tail(char c);
  MultipartEvent take_header(std::string_view& bytes);
  Fault read_header();
  Fault read_line(std::string_view line);
  Fault read_disposition(std::string_view value);
  MultipartEvent begin_part();
  MultipartEvent fail(Fault fault);

  std::string delimiter_;  // CR LF, two dashes, the boundary
  std::string header_;
  std::string name_;
  std::string file_name_;
  std::string content_type_;
  uint32_t parts_left_;
  size_t header_bytes_max_;
  uint8_t matched_ = 2;  // bytes of a delimiter that have come
  uint8_t implied_ = 2;  // so many of these belong to what is in front of the content: they are none of it
  Step step_ = Step::search;
  Fault fault_ = Fault::none;
  bool in_part_ = false;
  bool has_disposition_ = false;
  bool has_content_type_ = false;
  bool has_file_name_ = false;
};

}  // namespace oklo::codec
