#pragma once

#include <string>

// Numbers as people read them.
namespace oklo::lab {

std::string short_count(double value);   // "0", "87", "950", "1.8k", "182k", "1.2M"
std::string short_number(double value);  // "0.19", "3.0", "14.5", "128"
std::string plain_text(double value);    // "0", "0.19", "3", "14.5", "182,431"
std::string time_text(double us);        // "0.9 µs", "87 µs", "1.2 ms", "250 ms", "1.3 s"
std::string bytes_text(double bytes);    // "254 B", "9.2 KiB", "1.3 MiB"

}  // namespace oklo::lab
