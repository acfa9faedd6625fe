#include "lab/page.h"

#include <doctest/doctest.h>

#include <vector>

#include "lab/chart.h"
#include "lab/markup.h"
#include "lab/picture.h"
#include "sample.h"

namespace lab = oklo::lab;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

size_t count(const std::string& text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) found++;
  return found;
}

// Whether each tag that begins something is ended, in order; those of HTML without an end aside.
bool is_balanced(std::string_view text) {
  std::vector<std::string> open;
  for (size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
    size_t end = text.find('>', at);
    if (end == text.npos) return false;
    std::string_view tag = text.substr(at + 1, end - at - 1);
    if (tag.starts_with('!') || tag.ends_with('/') || tag.starts_with("meta")) continue;
    std::string name(tag.substr(tag.starts_with('/'), tag.find(' ') - tag.starts_with('/')));
    if (!tag.starts_with('/')) open.push_back(name);
    else if (open.empty() || open.back() != name) return false;
    else open.pop_back();
  }
  return open.empty();
}

}  // namespace

TEST_CASE("lab/markup: nothing that is text is markup") {
  CHECK(lab::escaped("a<b> & \"c\" 'd'") == "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  CHECK(lab::px(3) == "3");
  CHECK(lab::px(2.96) == "3");
  CHECK(lab::px(2.44) == "2.4");
  CHECK(lab::px(-0.5) == "-0.5");
}

TEST_CASE("lab/chart: a dot for each load with answers, hollow where not all were served, a cross for none") {
  const lab::Report report = sample_report();
  const lab::Chart chart(report);
  const lab::Frame frame = {0, 0, 100, 50};
  const std::string blocking = chart.plot(lab::Metric::rate, frame, report.models[0]);
  CHECK(count(blocking, "<circle") == 2);
  CHECK(count(blocking, "hollow") == 1);
  CHECK(count(blocking, "×") == 1);
  CHECK(has(blocking, "28k/s"));
  const std::string epoll = chart.plot(lab::Metric::p99, frame, report.models[1]);
  CHECK(count(epoll, "<circle") == 3);
  CHECK(count(epoll, "hollow") == 0);
  CHECK(has(epoll, "1.5 ms"));
  CHECK(count(chart.x_ticks(frame), "<text") == 4);
  CHECK(count(lab::Chart::strip(frame, report.models[1]), "<rect") == 2);
  CHECK(lab::Chart::strip(frame, report.models[0]).empty());
}

TEST_CASE("lab/picture: it is whole, for itself, and names all models and the machine") {
  const std::string svg = lab::picture(sample_report());
  CHECK(is_balanced(svg));
  CHECK(svg.starts_with("<svg xmlns="));
  for (std::string_view part : {">blocking</text>", ">epoll</text>", "0 of 100 served",
                                "A &lt;fine&gt; processor", "prefers-color-scheme", "class=\"paper\""})
    CHECK_MESSAGE(has(svg, part), part);
  for (std::string_view part : {"<script", "url(", "@import", "<image", "nan", "inf"})
    CHECK_MESSAGE(!has(svg, part), part);
  CHECK(count(svg, "http") == 1);  // the name of SVG itself
}

TEST_CASE("lab/page: it is whole, for itself, and has models, experiments and what is missing") {
  const std::string html = lab::page(sample_report());
  CHECK(is_balanced(html));
  for (std::string_view part :
       {"<!DOCTYPE html>", "one &amp; only", "300 B", "Wake &lt;one&gt;.", "a round trip",
        "Not taken: no fifo here", "epoll, 10,000 connections: a process may have only 256 files",
        "class=\"fault\"", "@media (prefers"})
    CHECK_MESSAGE(has(html, part), part);
  for (std::string_view part : {"<script", "<link", "url(", "@import", "http:", "https:", "nan", "src="})
    CHECK_MESSAGE(!has(html, part), part);
}

TEST_CASE("lab/page: a report of models alone, of experiments alone, of one load, and an empty one") {
  lab::Report report = sample_report();
  lab::Report models = report, experiments = report, one = report;
  models.experiments.clear();
  experiments.models.clear();
  for (lab::ModelFigures& model : one.models) model.loads.resize(1);
  for (const lab::Report& some : {models, experiments, one, lab::Report()}) {
    CHECK(is_balanced(lab::page(some)));
    CHECK(is_balanced(lab::picture(some)));
    CHECK(!has(lab::picture(some), "nan"));
  }
}
