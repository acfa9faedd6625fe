#include "codec/metrics_text.h"

#include <doctest/doctest.h>

#include <string>

using oklo::codec::MetricsText;
using oklo::codec::seconds_of_us;

TEST_CASE("codec/metrics_text: families with their samples, labels and suffixes") {
  MetricsText text;
  text.counter("a_total", "How many.", 18446744073709551615u);
  text.family("b", MetricsText::Type::gauge, "How much.");
  text.sample(1, {{"kind", "x"}});
  text.sample(2, {{"kind", "y"}, {"of", ""}});
  text.family("c", MetricsText::Type::histogram, "How long.");
  text.sample("3", {{"le", "0.5"}}, "_bucket");
  text.sample("0.25", {}, "_sum");
  CHECK(text.take() ==
        "# HELP a_total How many.\n# TYPE a_total counter\na_total 18446744073709551615\n"
        "# HELP b How much.\n# TYPE b gauge\nb{kind=\"x\"} 1\nb{kind=\"y\",of=\"\"} 2\n"
        "# HELP c How long.\n# TYPE c histogram\nc_bucket{le=\"0.5\"} 3\nc_sum 0.25\n");
}

TEST_CASE("codec/metrics_text: what would end a value or a line is escaped") {
  MetricsText text;
  text.family("a", MetricsText::Type::gauge, "one \"two\" \\ \n three");
  text.sample(1, {{"name", "q\"u\\o\nte"}});
  CHECK(text.take() ==
        "# HELP a one \"two\" \\\\ \\n three\n# TYPE a gauge\na{name=\"q\\\"u\\\\o\\nte\"} 1\n");
}

TEST_CASE("codec/metrics_text: microseconds in seconds, without needless digits") {
  CHECK(seconds_of_us(0) == "0");
  CHECK(seconds_of_us(1) == "0.000001");
  CHECK(seconds_of_us(128) == "0.000128");
  CHECK(seconds_of_us(500'000) == "0.5");
  CHECK(seconds_of_us(1'000'000) == "1");
  CHECK(seconds_of_us(12'030'000) == "12.03");
  CHECK(seconds_of_us(134'217'728) == "134.217728");
}
