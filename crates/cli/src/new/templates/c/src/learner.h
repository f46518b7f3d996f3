/* Learning in sessions, each a transaction: what held-out samples support of it is kept. An error
 * is told, and ends the program. */

#ifndef LEARNER_H
#define LEARNER_H

#include "rolling_ball.h"
#include "sensor.h"

enum {
    /* After so many new labels a session of learning begins; some of them may be wrong. */
    LABELS = {{labels}},
    /* After so many steps they are saved: what a power failure can cost at most. */
    STEPS_A_SAVE = 10
};

/* Goes on with what was kept, or with what the model came with. */
void learner_start(void);

/* Names the class of a reading. */
uint32_t learner_classify(const reading *reading);

/* Remembers a labelled reading. Answers how many there have been since the start. */
uint32_t learner_remember(const reading *reading);

/* Learns for a session, or for what is left of an interrupted one, and calls `between` after each
 * piece: a sample, forward and backward. Each session begins at what the model came with, and ends
 * there where nothing is kept. */
rb_fine_tuning_report learner_learn(void (*between)(void));

/* A part of 1 in per cent. */
uint32_t percent(float part);

#endif
