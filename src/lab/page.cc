#include "lab/page.h"

#include <algorithm>

#include "base/number.h"
#include "lab/amounts.h"
#include "lab/chart.h"
#include "lab/experiment_cards.h"
#include "lab/machine.h"
#include "lab/markup.h"
#include "lab/report_text.h"
#include "lab/style.h"

namespace oklo::lab {

namespace {

constexpr double kPlotWidth = 130;
constexpr double kPlotHeight = 56;
constexpr double kPlotTop = 12;  // room for the value above a line
constexpr double kStripWidth = 66;
constexpr unsigned kUsualLoad = 100;  // under which the figures for a request are told

// A number of a model that stands in a column, with a bar that compares it with the others.
struct Column {
  std::string_view head;
  Figure (*figure)(const ModelFigures&);
  std::string (*format)(double);
};

// Of the load that the figures for a request are told of, or of the largest below.
const LoadFigures* usual_load(const ModelFigures& model) {
  const LoadFigures* best = nullptr;
  for (const LoadFigures& load : model.loads)
    if (load.answers > 0 && (!best || load.load.connections <= kUsualLoad)) best = &load;
  return best;
}

Figure processor(const ModelFigures& model) {
  const LoadFigures* load = usual_load(model);
  return load ? Figure{load->processor_us} : Figure::not_taken("no answers");
}

Figure switches(const ModelFigures& model) {
  const LoadFigures* load = usual_load(model);
  return load ? Figure{load->voluntary + load->involuntary} : Figure::not_taken("no answers");
}

constexpr Column kColumns[] = {
    {"processor, a request", processor, time_text},
    {"switches, a request", switches, short_number},
    {"system calls, a request", [](const ModelFigures& model) { return model.calls; }, short_number},
    {"wake-ups, an accept", [](const ModelFigures& model) { return model.wakeups; }, short_number},
    {"memory, a connection", [](const ModelFigures& model) { return model.memory_bytes; }, bytes_text},
};

std::string svg(double width, double height, const std::string& content) {
  return "<svg width=\"" + px(width) + "\" height=\"" + px(height) + "\">" + content + "</svg>";
}

// Part of the largest figure of the column, in percent.
double part_of(const Report& report, const Column& column, double value) {
  double most = 0;
  for (const ModelFigures& model : report.models) most = std::max(most, column.figure(model).value);
  return most > 0 ? 100 * std::max(0.0, value) / most : 0;
}

std::string number_cell(const Report& report, const Column& column, const ModelFigures& model) {
  const Figure figure = column.figure(model);
  if (!figure.taken()) return "<td class=\"n none\" title=\"" + escaped(figure.missing) + "\">–</td>";
  return "<td class=\"n\">" + escaped(column.format(figure.value)) + "<i><b style=\"width:" +
         px(part_of(report, column, figure.value)) + "%\"></b></i></td>";
}

std::string plot_cell(const Chart& chart, Metric metric, const ModelFigures& model, const std::string& note) {
  std::string content = chart.plot(metric, {4, kPlotTop, kPlotWidth, kPlotHeight}, model);
  if (!note.empty()) content += svg_text("bad end", 4 + kPlotWidth, kPlotTop + kPlotHeight - 4, note);
  return "<td class=\"plot\">" + svg(kPlotWidth + 10, kPlotTop + kPlotHeight + 4, content) + "</td>";
}

std::string model_row(const Report& report, const Chart& chart, const ModelFigures& model) {
  std::string row = "<tr><th><b>" + escaped(model.name) + "</b><span>" + escaped(model.line) + "</span></th>";
  row += plot_cell(chart, Metric::rate, model, unserved_text(model));
  row += plot_cell(chart, Metric::p99, model, "");
  for (const Column& column : kColumns) row += number_cell(report, column, model);
  const LoadFigures* spread = spread_of(model);
  std::string title = spread ? spread_text(spread->shares) : "not taken";
  return row + "<td title=\"" + escaped(title) + "\">" +
         svg(kStripWidth, 10, Chart::strip({0, 2, kStripWidth, 6}, model)) + "</td></tr>\n";
}

std::string table_head(const Chart& chart) {
  const Frame frame = {4, 0, kPlotWidth, 0};
  std::string ticks = svg(kPlotWidth + 10, 12, chart.x_ticks(frame));
  std::string head = "<thead><tr><th>over the number of connections</th><th class=\"plot\">answers a second" +
                     ticks + "</th><th class=\"plot\">99 % are faster than" + ticks + "</th>";
  for (const Column& column : kColumns) head += "<th>" + escaped(column.head) + "</th>";
  return head + "<th>connections fell on workers</th></tr></thead>\n";
}

std::string models_part(const Report& report) {
  const Chart chart(report);
  std::string out = "<svg width=\"0\" height=\"0\" style=\"position:absolute\"><defs>" +
                    chart.ghosts(Metric::rate, kPlotWidth, kPlotHeight) +
                    chart.ghosts(Metric::p99, kPlotWidth, kPlotHeight) + "</defs></svg>\n";
  out += "<table>\n" + table_head(chart) + "<tbody>\n";
  for (const ModelFigures& model : report.models) out += model_row(report, chart, model);
  return out + "</tbody></table>\n";
}

std::string key_entry(const std::string& sign, std::string_view text) {
  return "<span>" + svg(22, 10, sign) + std::string(text) + "</span>";
}

std::string key() {
  return "<div class=\"key\">" + key_entry(svg_line("rate", 1, 5, 21, 5), "answers a second") +
         key_entry(svg_line("p99", 1, 5, 21, 5), "99 of 100 answers are faster") +
         key_entry("<circle class=\"rate hollow\" cx=\"11\" cy=\"5\" r=\"3\"/>",
                   "not all who asked were answered") +
         key_entry(svg_line("ghost", 1, 5, 21, 5), "all models") + "</div>\n";
}

// All that was not taken, with its reason.
std::string missing_part(const Report& report) {
  std::string items;
  auto add = [&](const ModelFigures& model, std::string_view what, const std::string& why) {
    if (!why.empty())
      items += "<li>" + escaped(model.name + ", " + std::string(what) + ": " + why) + "</li>\n";
  };
  for (const ModelFigures& model : report.models) {
    for (const LoadFigures& load : model.loads) {
      add(model, connections_text(load.load.connections), load.missing);
      add(model, connections_text(load.load.connections), load.errors);
    }
    add(model, "system calls", model.calls.missing);
    add(model, "wake-ups", model.wakeups.missing);
    add(model, "memory", model.memory_bytes.missing);
  }
  if (items.empty()) return {};
  return "<h2>What went wrong, or could not be taken here</h2>\n<ul class=\"missing\">\n" + items + "</ul>\n";
}

constexpr std::string_view kMethod =
    " The load came from the same machine. Processor time and context switches are those of all processes "
    "of a model under 100 connections, with making them. System calls were counted by ptrace in a run of "
    "their own. Memory is the proportional share (PSS) of all processes with many silent connections, less "
    "that without; what the kernel keeps of a connection is not in it. A wake-up is a voluntary context "
    "switch when a client connects and says nothing; oklo has the kernel wait for its first byte.";

std::string foot(const Report& report) {
  return "<footer><p>Measured by <b>oklo lab</b> on " + escaped(describe(report.machine)) +
         ". Each load took " + plain_text(report.seconds) +
         " s when its connections were made, the busy ones first" +
         (report.rounds > 1 ? ", and of " + decimal(report.rounds) + " rounds the median counts" : "") +
         "; models that have workers had " + decimal(report.workers) + "." + std::string(kMethod) +
         "</p></footer>\n";
}

constexpr std::string_view kHead =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>oklo lab</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>";
constexpr std::string_view kLead =
    "<h1>The ways to serve, side by side</h1>\n<p class=\"lead\">Each model of <b>oklo model</b> gives the "
    "same answer under the same load. A tenth of the connections asks again and again, one sends its request "
    "a byte at a time, and the rest is silent.</p>\n";

}  // namespace

std::string page(const Report& report) {
  std::string out(kHead);
  out.append(kPlotStyle).append(kPageStyle).append("</style>\n</head>\n<body>\n<header>").append(kLead);
  out += (report.models.empty() ? "" : key()) + "</header>\n<main>\n";
  if (!report.models.empty()) out += "<div class=\"scroll\">" + models_part(report) + "</div>\n";
  if (!report.experiments.empty())
    out += "<h2>How servers fail, and what mends it</h2>\n" + experiment_cards(report);
  return out + missing_part(report) + "</main>\n" + foot(report) + "</body>\n</html>\n";
}

}  // namespace oklo::lab
