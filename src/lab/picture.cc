#include "lab/picture.h"

#include <iterator>

#include "base/number.h"
#include "lab/amounts.h"
#include "lab/chart.h"
#include "lab/machine.h"
#include "lab/markup.h"
#include "lab/report_text.h"
#include "lab/style.h"

namespace oklo::lab {

namespace {

constexpr double kWidth = 1000;
constexpr double kMargin = 30;
constexpr double kTickRoom = 26;      // at the left, for what the lines of the grid stand for
constexpr unsigned kColumns = 5;
constexpr double kBetween = 22;       // two panels
constexpr double kHeadHeight = 126;
constexpr double kFootHeight = 46;
constexpr double kPlotWidth = (kWidth - 2 * kMargin - kTickRoom - (kColumns - 1) * kBetween) / kColumns;
constexpr double kRateHeight = 64;
constexpr double kP99Height = 58;
constexpr double kPanelHeight = 228;  // with the room to the next one below

// Where the parts of a panel stand in it.
constexpr double kNameY = 0;
constexpr double kRateY = 12;
constexpr double kP99Y = kRateY + kRateHeight + 12;
constexpr double kFiguresY = kP99Y + kP99Height + 29;
constexpr double kStripY = kFiguresY + 19;

// Three figures side by side, each with what it is below it.
std::string figures(double x, double y, const ModelFigures& model) {
  struct Shown {
    std::string value;
    std::string_view what;
  };
  const Shown all[] = {{cell_of(model.calls, short_number), "calls"},
                       {cell_of(model.wakeups, short_number), "wake-ups"},
                       {cell_of(model.memory_bytes, bytes_text), "memory"}};
  std::string out;
  const double places[] = {x, x + kPlotWidth / 2 + 4, x + kPlotWidth};
  const std::string_view anchors[] = {"start", "middle", "end"};
  for (size_t i = 0; i < std::size(all); i++) {
    out += svg_text("figure " + std::string(anchors[i]), places[i], y, all[i].value);
    out += svg_text("tick " + std::string(anchors[i]), places[i], y + 10, all[i].what);
  }
  return out + "\n";
}

std::string panel(const Chart& chart, const ModelFigures& model, double x, double y, bool first,
                  bool last) {
  const Frame rate = {x, y + kRateY, kPlotWidth, kRateHeight};
  const Frame p99 = {x, y + kP99Y, kPlotWidth, kP99Height};
  std::string out = svg_text("name", x, y + kNameY, model.name) + "\n";
  out += chart.plot(Metric::rate, rate, model) + chart.plot(Metric::p99, p99, model);
  if (std::string text = unserved_text(model); !text.empty())
    out += svg_text("bad end", x + kPlotWidth, y + kRateY + kRateHeight - 4, text);
  if (first) out += chart.y_ticks(Metric::rate, rate) + chart.y_ticks(Metric::p99, p99);
  if (last || first) out += chart.x_ticks(p99);
  out += figures(x, y + kFiguresY, model);
  return out + Chart::strip({x, y + kStripY, kPlotWidth, 4}, model);
}

// What the two lines are, in their own colours.
std::string head(const Report& report) {
  std::string out = svg_text("title", kMargin, 42, "One answer, served in " + decimal(report.models.size()) +
                                                       " ways, under the same load");
  static constexpr std::string_view kLines[] = {
      "A tenth of the connections asks again and again, one sends a byte at a time, the rest is silent. Log "
      "scales; all models in grey.",
      "Hollow: not all who asked were answered. Below: system calls a request, wake-ups an accept, memory of",
      "a connection, and a bar of how the connections fell on workers."};
  for (size_t i = 0; i < std::size(kLines); i++)
    out += svg_text("soft lead", kMargin, 64 + 16 * static_cast<double>(i), kLines[i]);
  const double x = kWidth - kMargin - 140;
  out += svg_line("rate", x, 31, x + 20, 31) + svg_text("rate key start", x + 27, 35, "answers a second");
  out += svg_line("p99", x, 48, x + 20, 48) + svg_text("p99 key start", x + 27, 52, "99 % are faster");
  return out + "\n";
}

}  // namespace

std::string picture(const Report& report) {
  const size_t rows = (report.models.size() + kColumns - 1) / kColumns;
  const double height = kHeadHeight + static_cast<double>(rows) * kPanelHeight + kFootHeight;
  const std::string size = "width=\"" + px(kWidth) + "\" height=\"" + px(height) + "\"";
  const Chart chart(report);
  const std::string box = "viewBox=\"0 0 " + px(kWidth) + " " + px(height) + "\"";
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" " + box + " " + size + ">\n<style>" +
                    std::string(kPlotStyle) +
                    ".title { font-size: 21px; font-weight: 650; letter-spacing: -.2px; }\n"
                    ".lead { font-size: 12px; }\n.name { font-size: 11.5px; font-weight: 650; }\n"
                    ".figure { font-size: 10.5px; }\n.key { font-size: 11px; }\n"
                    ".paper { fill: var(--paper); }\n</style>\n";
  out += "<rect class=\"paper\" " + size + " rx=\"8\"/>\n<defs>\n" +
         chart.ghosts(Metric::rate, kPlotWidth, kRateHeight) +
         chart.ghosts(Metric::p99, kPlotWidth, kP99Height) + "</defs>\n" + head(report);
  for (size_t i = 0; i < report.models.size(); i++) {
    const size_t column = i % kColumns, row = i / kColumns;
    out += panel(chart, report.models[i],
                 kMargin + kTickRoom + static_cast<double>(column) * (kPlotWidth + kBetween),
                 kHeadHeight + 14 + static_cast<double>(row) * kPanelHeight, column == 0, row + 1 == rows);
  }
  out += svg_text("soft", kMargin, height - 20, "oklo lab on " + describe(report.machine));
  return out + "</svg>\n";
}

}  // namespace oklo::lab
