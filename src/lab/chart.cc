#include "lab/chart.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "lab/amounts.h"
#include "lab/markup.h"
#include "lab/report_text.h"

namespace oklo::lab {

namespace {

constexpr double kDotRadius = 2.2;
constexpr double kLabelRoom = 6;   // above a point
constexpr size_t kPiecesMax = 32;  // of a strip

struct Scale {
  std::string_view css_class;
  double low, high;  // at the bottom and at the top
  std::vector<double> grid;
};

const Scale& scale_of(Metric metric) {
  static const Scale kRate = {"rate", 1e3, 3e5, {1e4, 1e5}};
  static const Scale kP99 = {"p99", 20, 2e6, {1e2, 1e4, 1e6}};
  return metric == Metric::rate ? kRate : kP99;
}

double value_of(Metric metric, const LoadFigures& figures) {
  return metric == Metric::rate ? figures.rate() : figures.p99_us;
}

double y_of(const Scale& scale, double value, double height) {
  double decades = std::log(std::clamp(value, scale.low, scale.high) / scale.low);
  return height * (1 - decades / std::log(scale.high / scale.low));
}

// Of a round number, without a digit behind the point.
std::string name_of(Metric metric, double value) {
  std::string name = metric == Metric::rate ? short_count(value) : time_text(value);
  if (size_t at = name.find(".0"); at != name.npos) name.erase(at, 2);
  return name;
}

std::string group(double x, double y, const std::string& content) {
  return "<g transform=\"translate(" + px(x) + " " + px(y) + ")\">" + content + "</g>\n";
}

std::string title_of(const LoadFigures& f) {
  return "<title>" +
         escaped(grouped(f.load.connections) + " connections: " +
                 grouped(static_cast<uint64_t>(f.rate())) + " answers a second, 50 % within " +
                 time_text(f.p50_us) + ", 99 % within " + time_text(f.p99_us) + "; " + grouped(f.served) +
                 " of " + grouped(f.load.busy()) + " busy ones served") +
         "</title>";
}

}  // namespace

std::string value_text(Metric metric, const LoadFigures& figures) {
  double value = value_of(metric, figures);
  return metric == Metric::rate ? short_count(value) + "/s" : time_text(value);
}

Chart::Chart(const Report& report) : report_(&report) {
  for (const ModelFigures& model : report.models)
    for (const LoadFigures& figures : model.loads) loads_.push_back(figures.load.connections);
  std::sort(loads_.begin(), loads_.end());
  loads_.erase(std::unique(loads_.begin(), loads_.end()), loads_.end());
}

double Chart::x_of(unsigned connections, double width) const {
  if (loads_.size() < 2) return width / 2;
  return width * std::log(static_cast<double>(connections) / loads_.front()) /
         std::log(static_cast<double>(loads_.back()) / loads_.front());
}

// Only those loads under which there were answers.
std::vector<Chart::Point> Chart::points(Metric metric, double width, double height,
                                        const ModelFigures& model) const {
  std::vector<Point> all;
  for (const LoadFigures& figures : model.loads)
    if (figures.answers > 0)
      all.push_back({x_of(figures.load.connections, width),
                     y_of(scale_of(metric), value_of(metric, figures), height), &figures});
  return all;
}

std::string Chart::ghosts(Metric metric, double width, double height) const {
  std::string path;
  for (const ModelFigures& model : report_->models) {
    char command = 'M';
    for (const Point& point : points(metric, width, height, model)) {
      path += command + px(point.x) + " " + px(point.y);
      command = 'L';
    }
  }
  const std::string id = "all-" + std::string(scale_of(metric).css_class);
  return "<path id=\"" + id + "\" class=\"ghost\" d=\"" + path + "\"/>\n";
}

std::string Chart::plot(Metric metric, const Frame& frame, const ModelFigures& model) const {
  const Scale& scale = scale_of(metric);
  const std::string css_class(scale.css_class);
  std::string out;
  for (double value : scale.grid) {
    double y = y_of(scale, value, frame.height);
    out += svg_line("grid", 0, y, frame.width, y);
  }
  out += svg_line("base", 0, frame.height, frame.width, frame.height);
  out += "<use href=\"#all-" + css_class + "\"/>";
  const std::vector<Point> all = points(metric, frame.width, frame.height, model);
  std::string path, dots;
  for (const Point& point : all) {
    path += (path.empty() ? "M" : "L") + px(point.x) + " " + px(point.y);
    dots += "<circle class=\"" + css_class + (point.figures->all_served() ? " dot" : " hollow") + "\" cx=\"" +
            px(point.x) + "\" cy=\"" + px(point.y) + "\" r=\"" + px(kDotRadius) + "\">" +
            title_of(*point.figures) + "</circle>";
  }
  out += "<path class=\"" + css_class + "\" d=\"" + path + "\"/>" + dots;
  for (const LoadFigures& figures : model.loads)
    if (figures.answers == 0)
      out += svg_text("none middle", x_of(figures.load.connections, frame.width), frame.height - 2, "×");
  if (!all.empty()) {
    const Point& last = all.back();
    out += svg_text(css_class + " value end", last.x + kDotRadius, last.y - kLabelRoom,
                    value_text(metric, *last.figures));
  }
  return group(frame.x, frame.y, out);
}

std::string Chart::y_ticks(Metric metric, const Frame& frame) const {
  std::string out;
  for (double value : scale_of(metric).grid)
    out += svg_text("tick end", frame.x - 6, frame.y + y_of(scale_of(metric), value, frame.height) + 3,
                    name_of(metric, value));
  return out + "\n";
}

std::string Chart::x_ticks(const Frame& frame) const {
  std::string out;
  for (unsigned load : loads_) {
    double x = x_of(load, frame.width);
    out += svg_text(x < 1 ? "tick start" : x > frame.width - 1 ? "tick end" : "tick middle", frame.x + x,
                    frame.y + frame.height + 11, name_of(Metric::rate, load));
  }
  return out + "\n";
}

std::string Chart::strip(const Frame& frame, const ModelFigures& model) {
  const LoadFigures* spread = spread_of(model);
  if (!spread) return {};
  const size_t pieces = std::min(spread->shares.size(), kPiecesMax);
  const bool each_alike = spread->shares.size() > kPiecesMax;
  uint64_t all = 0;
  for (const auto& share : spread->shares) all += share.second;
  std::string out;
  double x = frame.x;
  for (size_t i = 0; i < pieces; i++) {
    double part = each_alike ? 1.0 / static_cast<double>(pieces)
                             : static_cast<double>(spread->shares[i].second) / static_cast<double>(all);
    double width = part * frame.width;
    out += std::string("<rect class=\"") + (each_alike ? "piece many" : "piece") + "\" x=\"" + px(x) +
           "\" y=\"" + px(frame.y) + "\" width=\"" + px(std::max(0.6, width - 1.2)) + "\" height=\"" +
           px(frame.height) + "\"/>";
    x += width;
  }
  return out + "\n";
}

}  // namespace oklo::lab
