#include "http/request_words.h"

namespace oklo::http {

using codec::FieldId;

RequestWords::RequestWords(const codec::RequestHead& head) {
  if (head.size == 0) return;
  target = head.target();
  host = head.host();
  referer = head.field(FieldId::referer);
  agent = head.field(FieldId::user_agent);
}

KeptWords::KeptWords(const RequestWords& words) {
  size_t place = 0;
  for (std::string_view word : {words.target, words.host, words.referer, words.agent}) {
    word = word.substr(0, RequestWords::kTextBytesMax);
    text_.append(word);
    sizes_[place++] = static_cast<uint16_t>(word.size());
  }
  text_.shrink_to_fit();
}

RequestWords KeptWords::words() const {
  RequestWords words;
  std::string_view rest = text_;
  size_t place = 0;
  for (std::string_view* word : {&words.target, &words.host, &words.referer, &words.agent}) {
    *word = rest.substr(0, sizes_[place]);
    rest.remove_prefix(sizes_[place++]);
  }
  return words;
}

}  // namespace oklo::http
