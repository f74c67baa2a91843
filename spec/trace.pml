/*
 * The traces of real commits. Built with -DTRACE, every system call must be the next action of a
 * trace, which tests/spec/conformance.py writes. Without it, nothing here is in effect.
 */

#define WRITE   1
#define FSYNC   2
#define RENAME  3
#define LINK    4
#define UNLINK  5
#define MKDIR   6
#define RMDIR   7
#define SYNC    8
#define LOCK    9
#define UNLOCK 10

#ifdef TRACE
c_decl {
\#include "traces.h"
}
byte position, t_call, t_slot, t_value;
#define TRACED(call, slot, value) \
  t_call = call; t_slot = slot; t_value = value; \
  c_expr { next_is(now.position, now.t_call, now.t_slot, now.t_value) }; \
  position++; c_code { matched(now.position); };
#define LOCKED()   TRACED(LOCK, 0, 0)
#define UNLOCKED() TRACED(UNLOCK, 0, 0)
#define RECOVERS_FIRST(me) (me == RECOVERER)    /* traces are of `commit` and of `recover` alone */
#else
#define TRACED(call, slot, value)
#define LOCKED()
#define UNLOCKED()
#define RECOVERS_FIRST(me) 1
#endif
