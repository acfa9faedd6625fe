#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace oklo::codec {

// Writes numbers as Prometheus reads them (text exposition format 0.0.4): families of samples that differ in
// their labels. Names of families and labels are the program's own.
class MetricsText {
 public:
  static constexpr std::string_view kMediaType = "text/plain; version=0.0.4; charset=utf-8";

  enum class Type : uint8_t { counter, gauge, histogram };
  struct Label {
    std::string_view name;
    std::string_view value;  // UTF-8
  };
  using Labels = std::initializer_list<Label>;

  // The samples of a family follow it, before the next one.
  void family(std::string_view name, Type type, std::string_view help);
  void sample(uint64_t value, Labels labels = {});
  void sample(std::string_view number, Labels labels = {}, std::string_view suffix = {});
  // A family with one sample.
  void counter(std::string_view name, std::string_view help, uint64_t value);
  void gauge(std::string_view name, std::string_view help, uint64_t value);

  // All of it; the last call.
  std::string take() { return std::move(out_); }

 private:
  void escape(std::string_view text, bool quoted);

  std::string out_;
  std::string_view name_;
};

// That many microseconds in seconds: "0.000128", "2", "1.5".
std::string seconds_of_us(uint64_t us);

}  // namespace oklo::codec
