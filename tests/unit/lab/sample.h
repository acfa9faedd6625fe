#pragma once

#include "lab/figures.h"

// A report as the lab might make it, with all that may be missing.
inline oklo::lab::LoadFigures sample_load(unsigned connections, unsigned served, uint64_t answers) {
  oklo::lab::LoadFigures figures;
  figures.load = {connections};
  figures.served = served;
  figures.answers = answers;
  figures.seconds = 1;
  figures.p50_us = 30;
  figures.p99_us = 1500;
  figures.max_us = 20'000;
  figures.processor_us = 12;
  figures.voluntary = 1;
  return figures;
}

inline oklo::lab::Report sample_report() {
  using namespace oklo::lab;
  Report report;
  report.machine = {"A <fine> processor", "Linux 6.1", "2026-11-22", 4, 8192};
  report.seconds = 1;
  report.workers = 4;
  ModelFigures blocking = {"blocking", "one & only"};
  blocking.loads = {sample_load(1, 1, 30'000), sample_load(100, 1, 28'000), sample_load(1000, 0, 0)};
  blocking.memory_bytes = Figure::not_taken("it holds 1 at a time");
  blocking.wakeups = {1};
  blocking.calls = {2};
  ModelFigures epoll = {"epoll", "one loop"};
  epoll.loads = {sample_load(1, 1, 31'000), sample_load(100, 10, 60'000), sample_load(1000, 100, 50'000)};
  epoll.loads[2].shares = {{"0", 25}, {"1", 75}};
  epoll.loads[1].errors = "3 connections reset";
  LoadFigures missing;
  missing.load = {10'000};
  missing.missing = "a process may have only 256 files open here";
  epoll.loads.push_back(missing);
  epoll.memory_bytes = {300};
  epoll.wakeups = {0.5};
  epoll.calls = {3};
  report.models = {blocking, epoll};
  report.experiments = {
      {"herd", "all wake", "one wakes", {"all", "one"}, {{"woken, of 8", {8, 1}}}, "Wake <one>.", {}},
      {"talk", "ways", "", {"pipe", "signal"}, {{"a round trip, ns", {5000, 9000}}}, "", {"no fifo here"}}};
  return report;
}
