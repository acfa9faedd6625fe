#include "bench/tally.h"

#include <algorithm>

namespace oklo::bench {

void Tally::count_answer(uint64_t ns, uint64_t length) {
  if (answers_.value() == 0) first_length_ = length;
  answers_.add(1);
  other_length_ += length != first_length_;
  latency.add_ns(ns);
}

void Tally::count_value(std::string_view value) {
  auto at = values_.find(value);
  if (at == values_.end()) {
    std::string_view name = values_.size() < kValuesMax ? value : "(others)";
    at = values_.try_emplace(std::string(name), 0).first;
  }
  at->second++;
}

uint64_t Tally::errors() const {
  uint64_t all = 0;
  for (const Counter& count : faults_) all += count.value();
  return all;
}

void Tally::add_to(Outcome& outcome) const {
  outcome.answers += answers_.value();
  outcome.bytes += bytes;
  outcome.latency_us.merge(latency);
  outcome.connects += connects;
  for (size_t i = 0; i < kFaults; i++) outcome.faults[i] += faults_[i].value();
  outcome.unanswered += unanswered;
  outcome.other_length += other_length_;
  outcome.served += served;
  outcome.idle_lost += idle_lost;
  outcome.slow_answers += slow_answers;
  for (const auto& [value, times] : values_) {
    auto same = [&value = value](const auto& pair) { return pair.first == value; };
    auto at = std::find_if(outcome.tally.begin(), outcome.tally.end(), same);
    if (at == outcome.tally.end()) outcome.tally.emplace_back(value, times);
    else at->second += times;
  }
  std::sort(outcome.tally.begin(), outcome.tally.end());
}

}  // namespace oklo::bench
