#include "lab/experiment_cards.h"

#include <algorithm>

#include "lab/amounts.h"
#include "lab/markup.h"

namespace oklo::lab {

namespace {

std::string paragraph(std::string_view css_class, const std::string& text) {
  if (text.empty()) return {};
  return "<p class=\"" + std::string(css_class) + "\">" + escaped(text) + "</p>\n";
}

std::string bars(const ExperimentFigures& experiment, const ExperimentFigures::Row& row) {
  double most = 0;
  for (double figure : row.figures) most = std::max(most, figure);
  std::string out = "<dt>" + escaped(row.name) + "</dt>\n";
  for (size_t i = 0; i < row.figures.size() && i < experiment.columns.size(); i++) {
    double part = most > 0 ? 100 * std::max(0.0, row.figures[i]) / most : 0;
    out += i == 0 ? "<dd class=\"fault\"><span>" : "<dd><span>";
    out += escaped(experiment.columns[i]) + "</span><i><b style=\"width:" + px(part) + "%\"></b></i><span>" +
           plain_text(row.figures[i]) + "</span></dd>\n";
  }
  return out;
}

std::string comparison(const ExperimentFigures& experiment) {
  std::string out = "<table><thead><tr><th></th>";
  for (const std::string& column : experiment.columns) out += "<th>" + escaped(column) + "</th>";
  out += "</tr></thead><tbody>\n";
  for (const ExperimentFigures::Row& row : experiment.rows) {
    out += "<tr><th>" + escaped(row.name) + "</th>";
    for (double figure : row.figures) out += "<td>" + plain_text(figure) + "</td>";
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

std::string card(const ExperimentFigures& experiment) {
  std::string out = "<article><h3>" + escaped(experiment.name) + "</h3>\n";
  out += paragraph("what", experiment.line);
  if (experiment.mend.empty()) {
    if (!experiment.rows.empty()) out += comparison(experiment);
  } else {
    out += "<dl>\n";
    for (const ExperimentFigures::Row& row : experiment.rows) out += bars(experiment, row);
    out += "</dl>\n";
  }
  out += paragraph("verdict", experiment.verdict);
  for (const std::string& reason : experiment.not_taken) out += paragraph("what", "Not taken: " + reason);
  return out + "</article>\n";
}

}  // namespace

std::string experiment_cards(const Report& report) {
  std::string out = "<div class=\"story\">\n";
  for (const ExperimentFigures& experiment : report.experiments) out += card(experiment);
  return out + "</div>\n";
}

}  // namespace oklo::lab
