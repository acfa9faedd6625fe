#include "cli/mdoc_text.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace oklo::cli {

namespace {

constexpr size_t kColumns = 78;
constexpr size_t kIndent = 5;

struct InlineMacro {
  std::string_view name;
  std::string_view before;
  std::string_view after;
};

// Macros whose words are text, with what stands around it.
constexpr InlineMacro kInline[] = {
    {"Nm", "", ""},   {"Ar", "", ""},     {"Cm", "", ""},   {"Ic", "", ""},   {"Pa", "", ""}, {"Ev", "", ""},
    {"Dv", "", ""},   {"Er", "", ""},     {"Li", "", ""},   {"Em", "", ""},   {"Sy", "", ""}, {"Va", "", ""},
    {"Fn", "", "()"}, {"Lk", "", ""},     {"Vt", "", ""},   {"In", "<", ">"}, {"Xr", "", ""}, {"Fl", "-", ""},
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

// "\-", "\&" and "\e" as what they print.
std::string plain(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\' || i + 1 == text.size()) out.push_back(text[i]);
    else if (text[++i] == 'e') out.push_back('\\');
    else if (text[i] != '&') out.push_back(text[i]);
  }
  return out;
}

bool is_closing(std::string_view word) {
  return word.size() == 1 && std::string_view(".,:;)]?!").find(word[0]) != std::string_view::npos;
}

// The text of a line of macros and words.
std::string inline_text(const std::vector<std::string>& words, size_t from) {
  std::string out;
  std::string closing;
  bool glue = true;
  const InlineMacro* macro = nullptr;
  for (size_t i = from; i < words.size(); i++) {
    if (const InlineMacro* next = find_inline(words[i])) {
      if (next->name == "Ns") {
        glue = true;
        continue;
      }
      bool encloses = next->after == "]" || next->after == ")" || next->after == "\"" || next->after == "'";
      if (encloses) {
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
    if (!glue && !punctuation && !out.empty()) out += ' ';
    glue = false;
    bool page_section = macro && macro->name == "Xr" && i > from && words[i].size() == 1 &&
                        words[i][0] >= '1' && words[i][0] <= '9';
    if (page_section) {
      while (out.ends_with(' ')) out.pop_back();
      out += "(" + words[i] + ")";
    } else if (macro && !punctuation) {
      out += std::string(macro->before) + plain(words[i]) + std::string(macro->after);
    } else {
      out += plain(words[i]);
    }
  }
  return out + closing;
}

// The page as it grows: filled paragraphs, and lines that stay as they are.
class Page {
 public:
  void set_name(const std::string& name) { name_ = name; }
  const std::string& name() const { return name_; }

  // In the synopsis each call of the command stands on a line of its own.
  void begin_call() {
    if (in_synopsis_) break_line();
  }

  void heading(std::string_view title, size_t indent) {
    paragraph();
    in_synopsis_ = title == "SYNOPSIS";
    out_.append(indent, ' ').append(title).append("\n");
  }

  void add(std::string_view text) {
    if (literal_) {
      out_.append(indent(), ' ').append(text).append("\n");
      return;
    }
    if (!fill_.empty()) fill_ += ' ';
    fill_ += text;
  }

  void paragraph() {
    break_line();
    if (!out_.empty() && !out_.ends_with("\n\n")) out_ += '\n';
  }

  void item(std::string_view tag) {
    if (compact_) break_line();
    else paragraph();
    out_.append(kIndent + (depth_ ? depth_ - 1 : 0) * kIndent, ' ').append(tag).append("\n");
  }

  void begin_list(bool compact) { break_line(); depth_++; compact_ = compact; }
  void end_list() { break_line(); if (depth_) depth_--; compact_ = false; paragraph(); }
  void begin_literal() { paragraph(); literal_ = true; }
  void end_literal() { literal_ = false; paragraph(); }

  std::string finish() {
    break_line();
    return out_;
  }

 private:
  size_t indent() const { return kIndent * (1 + depth_) + (literal_ ? 2 : 0); }

  void break_line() {
    std::string_view rest = fill_;
    while (!rest.empty()) {
      size_t width = kColumns - indent();
      size_t end = rest.size() <= width ? rest.size() : rest.rfind(' ', width);
      if (end == rest.npos || end == 0) end = std::min(rest.find(' '), rest.size());
      out_.append(indent(), ' ').append(rest.substr(0, end)).append("\n");
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    fill_.clear();
  }

  std::string out_;
  std::string fill_;
  std::string name_;
  bool in_synopsis_ = false;
  size_t depth_ = 0;
  bool compact_ = false;
  bool literal_ = false;
};

// The name of the page's subject stands behind the first .Nm, and is meant by each .Nm alone; in the
// synopsis it begins a line.
void take_name(Page& page, const std::vector<std::string>& words) {
  if (words.size() > 1) page.set_name(words[1]);
  page.begin_call();
  page.add(inline_text(words.size() > 1 ? words : std::vector<std::string>{"Nm", page.name()}, 0));
}

void take_macro(Page& page, const std::vector<std::string>& words) {
  std::string_view name = words[0];
  if (name == "Nm") return take_name(page, words);
  if (name == "Sh") page.heading(inline_text(words, 1), 0);
  else if (name == "Ss") page.heading(inline_text(words, 1), 2);
  else if (name == "Pp") page.paragraph();
  else if (name == "Bl") page.begin_list(std::find(words.begin(), words.end(), "-compact") != words.end());
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
