#pragma once

#include "lab/figures.h"
#include "lab/interrupts.h"
#include "models/model.h"

// What is measured of a model once, each with the model started anew.
namespace oklo::lab {

inline constexpr unsigned kHeld = 1000;          // connections for the memory of one
inline constexpr unsigned kAccepts = 20;         // made one after another for the wake-ups
inline constexpr unsigned kCountedRequests = 100;  // whose system calls are counted

// Bytes of memory that a connection takes which had an answer and is silent: the proportional share (PSS) of
// all processes with many of them less that without. What the kernel itself keeps of it is not in it.
Figure measure_memory(Interrupts& interrupts, const models::Model& model);

// How often a process or thread wakes up and sleeps again when a client connects that says nothing.
Figure measure_wakeups(Interrupts& interrupts, const models::Model& model);

// System calls of all its processes for a request, counted by ptrace(2): on one connection, or where a model
// has one request on each, with connecting.
Figure count_calls(Interrupts& interrupts, const models::Model& model);

}  // namespace oklo::lab
