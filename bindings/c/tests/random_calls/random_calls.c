/* Calls of the whole header, and of that of an imported network, in any order, on several objects
 * and with arguments of every kind: each must be answered as the headers say, and must write
 * nowhere else.
 *
 *     random_calls CALLS [SEED]
 *
 * makes rounds of a thousand calls until there are that many, each with the next seed. */

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "check.h"
#include "fine_tunings.h"
#include "fleets.h"
#include "imported.h"
#include "networks.h"
#include "numbers.h"
#include "optimizers.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#else
#define alarm(seconds)
#endif

enum { ROUND = 1000, LIMIT_S = 60 };

unsigned long long calls, refusals;
static uint32_t round_seed;

static void again(void) {
    fprintf(stderr, "the same calls again: random_calls 1 %" PRIu32 "\n", round_seed);
    exit(1);
}

void expect(int holds, const char *condition, const char *file, int line) {
    if (holds)
        return;
    fprintf(stderr, "%s, line %d: expected %s\n", file, line, condition);
    again();
}

rb_error answer(rb_error error, codes right, const char *call, const char *file, int line) {
    calls++;
    refusals += error != RB_ERROR_NONE;
    if (error < RB_ERROR_CODES && (right & (codes)1 << error))
        return error;
    fprintf(stderr, "%s, line %d: %s\ngave \"%s\"; expected one of:\n", file, line, call,
            rb_error_string(error));
    for (uint32_t code = 0; code < RB_ERROR_CODES; code++)
        if (right & (codes)1 << code)
            fprintf(stderr, "  %s\n", rb_error_string(code));
    again();
    return error;
}

void *wrong_pointer(void *pointer, codes *wrong) {
    int null = once_in(2);
    *wrong |= null ? CODE(NULL) : CODE(MISALIGNED);
    return null ? NULL : (unsigned char *)pointer + 1;
}

void *perhaps_wrong(void *pointer, uint32_t times, codes *wrong) {
    return once_in(times) ? wrong_pointer(pointer, wrong) : pointer;
}

/* Functions that take no pointer. */
static void call_a_plain_function(void) {
    rb_schedule cosine = rb_cosine(hostile(), hostile(), any());
    EXPECT(cosine.kind == RB_SCHEDULE_COSINE);
    EXPECT(rb_ball_fine_tuning(any()).centre_step == RB_CENTRE_STEP_ARC_LENGTH);
    EXPECT(rb_ball_shrinking(hostile(), hostile(), any()).radius.kind == RB_SCHEDULE_COSINE);
    EXPECT(rb_zeroth_order_ball_shrinking(hostile(), any(), any()).seed == 1);
    EXPECT(rb_constant(1.0f).kind == RB_SCHEDULE_CONSTANT);
    EXPECT(strlen(rb_error_string(once_in(2) ? any() : below(RB_ERROR_CODES + 1))) > 0);
    EXPECT(strlen(rb_refusal_string(once_in(2) ? any() : below(5))) > 0);
    EXPECT(rb_version() == RB_VERSION);
    calls += 8;
}

static void make_a_round(void) {
    seed(round_seed);
    alarm(LIMIT_S);
    optimizers_start();
    networks_start();
    imported_start();
    fine_tunings_start();
    fleets_start();
    for (unsigned long long end = calls + ROUND; calls < end;) {
        if (once_in(100))
            call_a_plain_function();
        else
            switch (below(9)) {
            case 0:
            case 1:
                networks_call();
                break;
            case 2:
                imported_call();
                break;
            case 3:
                fine_tunings_call();
                break;
            case 4:
                fleets_call();
                break;
            default:
                optimizers_call();
            }
        optimizers_check();
        networks_check();
        imported_check();
        fine_tunings_check();
        fleets_check();
    }
    fleets_end();
    fine_tunings_end();
    imported_end();
    networks_end();
    optimizers_end();
}

int main(int count, char **arguments) {
    unsigned long long wanted = count > 1 ? strtoull(arguments[1], NULL, 10) : 0;
    if (wanted == 0) {
        fprintf(stderr, "usage: random_calls CALLS [SEED]\n");
        return 2;
    }
    round_seed = count > 2 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 0;
    for (; calls < wanted; round_seed++)
        make_a_round();
    printf("%llu calls, %llu refused, %llu steps and %llu fine-tunings done\n", calls, refusals,
           steps_done, fine_tunings_done);
    return 0;
}
