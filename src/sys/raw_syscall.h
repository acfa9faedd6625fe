#pragma once

#include <sys/syscall.h>

namespace oklo::sys::raw {

// The gate to the kernel itself, syscall(2), where it is known to this file: what is called for each message
// goes through it, without the C library's errno and points of cancellation. Answers as kernel.h does.
#if defined(__x86_64__) && !defined(__ILP32__)

inline constexpr bool kKnown = true;

template <class A, class B, class C>
long call(long number, A a, B b, C c, int d) {
  register long fourth asm("r10") = d;
  register long fifth asm("r8") = 0;
  register long sixth asm("r9") = 0;
  asm volatile("syscall"
               : "+a"(number)
               : "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
               : "rcx", "r11", "memory");
  return number;
}

#elif defined(__aarch64__) && !defined(__ILP32__)

inline constexpr bool kKnown = true;

template <class A, class B, class C>
long call(long number, A a, B b, C c, int d) {
  register long which asm("x8") = number;
  register long first asm("x0") = a;
  register B second asm("x1") = b;
  register C third asm("x2") = c;
  register long fourth asm("x3") = d;
  register long fifth asm("x4") = 0;
  register long sixth asm("x5") = 0;
  asm volatile("svc #0"
               : "+r"(first)
               : "r"(which), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
               : "memory");
  return first;
}

#else

inline constexpr bool kKnown = false;

template <class A, class B, class C>
long call(long, A, B, C, int) { return 0; }

#endif

}  // namespace oklo::sys::raw
