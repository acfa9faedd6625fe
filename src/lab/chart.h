#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/figures.h"

namespace oklo::lab {

// What a plot shows over the number of connections, both on a log scale.
enum class Metric { rate, p99 };

// Where a plot stands in its picture.
struct Frame {
  double x, y, width, height;
};

// Draws the plots of one report, all with the same scales, so that the eye can compare. The style sheet has
// the classes grid, ghost, rate, p99, dot, hollow, none, tick, start, middle and end.
class Chart {
 public:
  explicit Chart(const Report& report);

  // The lines of all models, at 0 0 under the id "all-rate" or "all-p99", to be put behind each plot.
  std::string ghosts(Metric metric, double width, double height) const;
  // A plot of one model. Its ghosts are those of the same size.
  std::string plot(Metric metric, const Frame& frame, const ModelFigures& model) const;
  // Names what the lines of the grid stand for: at the left, or below.
  std::string y_ticks(Metric metric, const Frame& frame) const;
  std::string x_ticks(const Frame& frame) const;
  // How the first answers fell on workers, as a bar of pieces.
  static std::string strip(const Frame& frame, const ModelFigures& model);

 private:
  struct Point {
    double x, y;
    const LoadFigures* figures;
  };
  double x_of(unsigned connections, double width) const;
  std::vector<Point> points(Metric metric, double width, double height, const ModelFigures& model) const;

  const Report* report_;
  std::vector<unsigned> loads_;  // ascending
};

// "62k/s" or "2.8 ms".
std::string value_text(Metric metric, const LoadFigures& figures);

}  // namespace oklo::lab
