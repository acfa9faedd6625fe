#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oklo::codec {

// The path of a request target as the path of a file: percent escapes decoded, "." and ".." resolved,
// repeated slashes made one. It begins with '/'; it ends with '/' where the target names a directory.
// Nothing where the path must be refused with 400: a malformed escape, a control character, an escaped
// slash (no file name can hold it, and to decode it would make two names of one), a ".." above the root,
// or more bytes than `out` holds. A path without any of this is answered as it is, without a copy; else
// the answer lies in `out`.
std::optional<std::string_view> decode_path(std::string_view raw, std::span<char> out);

// One part of a path, or a query's value, with its escapes decoded; an escaped slash becomes a slash.
// Nothing where an escape is malformed.
std::optional<std::string> decode_part(std::string_view raw);

// Appends `path` with all bytes escaped that may not stand in a path (RFC 3986 section 3.3), and with
// quotes, '&' and '\' escaped too, so that the outcome can stand in HTML and in a Location field.
void encode_path(std::string& out, std::string_view path);

// Appends `text` so that HTML shows it as it is, in content and in attributes.
void escape_html(std::string& out, std::string_view text);

}  // namespace oklo::codec
