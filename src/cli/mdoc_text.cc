#include "cli/mdoc_text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "base/number.h"

namespace oklo::cli {

namespace {

constexpr size_t kColumns = 78;
constexpr size_t kIndent = 5;
constexpr size_t kTagGap = 2;      // between the tag of a list and its text
constexpr size_t kDsWidth = 6;     // what "-width Ds" means
constexpr size_t kMarkWidth = 2;   // of "-" or a number
constexpr size_t kLiteralIndent = 2;

struct InlineMacro {
  std::string_view name;
  std::string_view before;
  std::string_view after;
};

// Macros whose words are text, with what stands around it.
constexpr InlineMacro kInline[] = {
    {"Nm", "", ""},   {"Ar", "", ""},     {"Cm", "", ""},   {"Ic", "", ""},   {"Pa", "", ""}, {"Ev", "", ""},
    {"Dv", "", ""},   {"Er", "", ""},     {"Li", "", ""},   {"Em", "", ""},   {"Sy", "", ""}, {"Va", "", ""},
    {"Fn", "", ""},   {"Lk", "", ""},     {"Vt", "", ""},   {"In", "<", ">"}, {"Xr", "", ""}, {"Fl", "-", ""},
    {"Op", "[", "]"}, {"Dq", "\"", "\""}, {"Ql", "'", "'"}, {"Pq", "(", ")"}, {"Sx", "", ""}, {"Ns", "", ""},
    {"No", "", ""},   {"Rs", "", ""},     {"Re", "", ""},
};

constexpr std::string_view kBlocks[] = {"Dd", "Dt", "Os", "Sh", "Ss", "Pp",
                                        "Bl", "It", "El", "Bd", "Ed", "Nd"};

const InlineMacro* find_inline(std::string_view name) {
  auto found = std::find_if(std::begin(kInline), std::end(kInline),
                            [name](auto& macro) { return macro.name == name; });
  return found == std::end(kInline) ? nullptr : found;
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    if (line[0] == ' ') {
      line.remove_prefix(1);
      continue;
    }
    bool quoted = line[0] == '"';
    if (quoted) line.remove_prefix(1);
    size_t end = std::min(line.find(quoted ? '"' : ' '), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

// "\-", "\&", "\e" and "\(aq" as what they print.
std::string plain(std::string_view text) {
  constexpr std::string_view kApostrophe = "(aq";
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
    } else if (text.substr(i + 1).starts_with(kApostrophe)) {
      out.push_back('\'');
      i += kApostrophe.size();
    } else if (char c = text[++i]; c != '&') {
      out.push_back(c == 'e' ? '\\' : c);
    }
  }
  return out;
}

bool is_closing(std::string_view word) {
  return word.size() == 1 && std::string_view(".,:;)]?!").find(word[0]) != std::string_view::npos;
}

bool is_enclosure(const InlineMacro& macro) {
  return macro.after == "]" || macro.after == ")" || macro.after == "\"" || macro.after == "'";
}

// The call of a function at words[i], which is its name; `i` moves to the last word of it.
std::string call_text(const std::vector<std::string>& words, size_t end, size_t& i) {
  std::string out = plain(words[i]) + "(";
  bool first = true;
  for (; i + 1 < end && !find_inline(words[i + 1]) && !is_closing(words[i + 1]); i++) {
    out += (first ? "" : ", ") + plain(words[i + 1]);
    first = false;
  }
  return out + ")";
}

// The text of a line of macros and words.
std::string inline_text(const std::vector<std::string>& words, size_t from) {
  std::string out;
  std::string closing;
  bool glue = true;
  const InlineMacro* macro = nullptr;
  size_t end = words.size();
  while (end > from && is_closing(words[end - 1])) end--;
  for (size_t i = from; i < end; i++) {
    if (const InlineMacro* next = find_inline(words[i])) {
      if (next->name == "Ns") {
        glue = true;
      } else if (is_enclosure(*next)) {
        if (!glue && !out.empty()) out += ' ';
        out += next->before;
        closing.insert(0, next->after);
        glue = true;
      } else {
        macro = next;
      }
      continue;
    }
    bool punctuation = is_closing(words[i]);
    if (punctuation && macro && macro->name == "Fn") macro = nullptr;  // mdoc(7): each call has its own.
    if (!glue && !punctuation && !out.empty()) out += ' ';
    glue = false;
    bool page_section = macro && macro->name == "Xr" && i > from && words[i].size() == 1 &&
                        words[i][0] >= '1' && words[i][0] <= '9';
    if (page_section) {
      while (out.ends_with(' ')) out.pop_back();
      out += "(" + words[i] + ")";
    } else if (macro && macro->name == "Fn" && !punctuation) {
      out += call_text(words, end, i);
    } else if (macro && !punctuation) {
      out += std::string(macro->before) + plain(words[i]) + std::string(macro->after);
    } else {
      out += plain(words[i]);
    }
  }
  out += closing;
  for (; end < words.size(); end++) out += words[end];
  return out;
}

// A list that is open: -tag, else a mark before each item.
struct List {
  enum class Kind : uint8_t { tag, mark, number, plain };
  Kind kind = Kind::plain;
  bool compact = false;
  size_t width = 0;   // from its left edge to its text
  size_t items = 0;
};

// The width that "-width" asks for: "Ds", "12n", or a word as long as that.
size_t width_of(const std::string& word) {
  if (word == "Ds") return kDsWidth;
  std::optional<uint64_t> count;
  if (word.ends_with('n')) count = parse_decimal(std::string_view(word).substr(0, word.size() - 1));
  return count ? static_cast<size_t>(*count) : word.size();
}

List list_of(const std::vector<std::string>& words) {
  List list;
  list.width = kMarkWidth + kTagGap;
  for (size_t i = 1; i < words.size(); i++) {
    if (words[i] == "-compact") list.compact = true;
    else if (words[i] == "-tag") list.kind = List::Kind::tag;
    else if (words[i] == "-bullet" || words[i] == "-dash") list.kind = List::Kind::mark;
    else if (words[i] == "-enum") list.kind = List::Kind::number;
    else if (words[i] == "-width" && i + 1 < words.size()) list.width = width_of(words[++i]) + kTagGap;
  }
  if (list.kind == List::Kind::plain) list.width = 0;
  return list;
}

// The page as it grows: filled paragraphs, and lines that stay as they are.
class Page {
 public:
  void set_name(const std::string& name) { name_ = name; }
  const std::string& name() const { return name_; }

  // In the synopsis each call of the command stands on a line of its own, and so does each header.
  void begin_call() {
    if (in_synopsis_) break_line();
  }
  void include(std::string_view header) {
    begin_call();
    add(in_synopsis_ ? "#include " + std::string(header) : header);
    begin_call();
  }

  void heading(std::string_view title, size_t indent) {
    paragraph();
    in_synopsis_ = title == "SYNOPSIS";
    out_.append(indent, ' ').append(title).append("\n");
    below_heading_ = true;
  }

  void add(std::string_view text) {
    if (literal_) return line(text.empty() ? 0 : indent(), text);
    if (!fill_.empty()) fill_ += ' ';
    fill_ += text;
  }

  void paragraph() {
    break_line();
    if (!out_.empty() && !out_.ends_with("\n\n") && !below_heading_) out_ += '\n';
  }

  void begin_list(const List& list) {
    if (list.compact) break_line();
    else paragraph();
    lists_.push_back(list);
  }

  void item(std::string_view tag) {
    if (lists_.empty()) return;
    List& list = lists_.back();
    if (list.compact) break_line();
    else paragraph();
    list.items++;
    if (list.kind == List::Kind::tag) tag_ = tag;
    if (list.kind == List::Kind::mark) tag_ = "-";
    if (list.kind == List::Kind::number) tag_ = decimal(list.items) + ".";
    if (list.kind != List::Kind::tag && !tag.empty()) add(tag);
  }

  void end_list() {
    break_line();
    if (!lists_.empty()) lists_.pop_back();
  }

  void begin_literal() { paragraph(); literal_ = true; }
  void end_literal() { literal_ = false; }

  std::string finish() {
    break_line();
    return out_;
  }

 private:
  size_t indent() const {
    size_t columns = kIndent + (literal_ ? kLiteralIndent : 0);
    for (const List& list : lists_) columns += list.width;
    return columns;
  }

  void line(size_t indent, std::string_view text) {
    out_.append(indent, ' ').append(text).append("\n");
    below_heading_ = false;
  }

  // The tag stands before the first line of its item where there is room for it, else on a line above.
  void break_line() {
    std::string_view rest = fill_;
    std::string tag = std::exchange(tag_, {});
    size_t left = indent() - (lists_.empty() ? 0 : lists_.back().width);
    size_t hanging = 0;  // In the synopsis a call that goes on stands behind the name.
    if (!tag.empty() && (rest.empty() || tag.size() + kTagGap > lists_.back().width)) {
      line(left, tag);
      tag.clear();
    }
    while (!rest.empty()) {
      size_t width = kColumns - indent() - hanging;
      size_t end = rest.size() <= width ? rest.size() : rest.rfind(' ', width);
      if (end == rest.npos || end == 0) end = std::min(rest.find(' '), rest.size());
      std::string begin = tag;
      if (!tag.empty()) begin.append(indent() - left - tag.size(), ' ');
      line(tag.empty() ? indent() + hanging : left, begin.append(rest.substr(0, end)));
      tag.clear();
      hanging = in_synopsis_ ? name_.size() + 1 : 0;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    fill_.clear();
  }

  std::string out_;
  std::string fill_;
  std::string name_;
  std::string tag_;  // of the item that begins
  std::vector<List> lists_;
  bool in_synopsis_ = false;
  bool below_heading_ = false;
  bool literal_ = false;
};

// The name of the page's subject stands behind the first .Nm, and is meant by each .Nm alone; in the
// synopsis it begins a line.
void take_name(Page& page, std::vector<std::string> words) {
  if (words.size() == 1 || is_closing(words[1])) words.insert(words.begin() + 1, page.name());
  else if (page.name().empty()) page.set_name(words[1]);
  page.begin_call();
  page.add(inline_text(words, 0));
}

void take_macro(Page& page, const std::vector<std::string>& words) {
  std::string_view name = words[0];
  if (name == "Nm") return take_name(page, words);
  if (name == "In") return page.include(inline_text(words, 0));
  if (name == "Sh") page.heading(inline_text(words, 1), 0);
  else if (name == "Ss") page.heading(inline_text(words, 1), 2);
  else if (name == "Pp") page.paragraph();
  else if (name == "Bl") page.begin_list(list_of(words));
  else if (name == "El") page.end_list();
  else if (name == "It") page.item(inline_text(words, 1));
  else if (name == "Bd") page.begin_literal();
  else if (name == "Ed") page.end_literal();
  else if (name == "Nd") page.add("- " + inline_text(words, 1));
  else if (find_inline(name)) page.add(inline_text(words, 0));
}

}  // namespace

bool knows_macro(std::string_view name) {
  return find_inline(name) || std::find(std::begin(kBlocks), std::end(kBlocks), name) != std::end(kBlocks);
}

std::string mdoc_to_text(std::string_view source) {
  Page page;
  while (!source.empty()) {
    size_t end = std::min(source.find('\n'), source.size());
    std::string_view line = source.substr(0, end);
    source.remove_prefix(std::min(end + 1, source.size()));
    if (line.starts_with(".\\\"")) continue;
    if (!line.starts_with('.')) page.add(plain(line));
    else if (std::vector<std::string> words = split_words(line.substr(1)); !words.empty())
      take_macro(page, words);
  }
  return page.finish();
}

}  // namespace oklo::cli
