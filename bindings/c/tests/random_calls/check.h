/* What is expected of a call. */

#ifndef CHECK_H
#define CHECK_H

#include "rolling_ball.h"

/* The error codes that are right, as a set. */
typedef uint32_t codes;
#define CODE(name) ((codes)1 << RB_ERROR_##name)

/* Ends the program, and says how to make the same calls again, unless this holds. */
#define EXPECT(condition) expect((condition) != 0, #condition, __FILE__, __LINE__)

/* Counts a call, and ends the program unless its answer is right. Where something is `wrong` with
 * the call, its answer must be one of these codes; where nothing is, one of those that `may` be. */
#define ANSWER(call, wrong, may) \
    answer((call), (wrong) ? (wrong) : (may), #call, __FILE__, __LINE__)

/* Does what ANSWER does for an answer that was given, where what is right depends on the call. */
#define CHECKED(error, call, right) answer((error), (right), call, __FILE__, __LINE__)

extern unsigned long long calls, refusals;

void expect(int holds, const char *condition, const char *file, int line);
rb_error answer(rb_error error, codes right, const char *call, const char *file, int line);

/* A pointer that must be refused instead of this one: null or misaligned. */
void *wrong_pointer(void *pointer, codes *wrong);
/* The pointer, and once in so many times one that must be refused. */
void *perhaps_wrong(void *pointer, uint32_t times, codes *wrong);

#endif
