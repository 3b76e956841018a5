// The hook by which tests make the n-th file operation fail ("fail the n-th operation, loop n").
//
// Every wrapper in io.h and atomic_file.h asks it first; when nothing is armed that is one relaxed load.
#pragma once

#include <cstdint>

namespace ds::fault {

// The operation number n (from 1) from now on fails with `errno_value`, and so does every later one until
// disarm().
void arm(uint64_t n, int errno_value);
void disarm();
uint64_t operations();  // counted since the last arm() or count()
void count();           // count from zero, fail nothing

// For the wrappers: 0, or the errno that this operation must pretend.
int next();

// Operations of this thread neither fail nor count while one lives: what a destructor does to clean up.
class Pause {
 public:
  Pause();
  ~Pause();
  Pause(const Pause&) = delete;
};

}  // namespace ds::fault
