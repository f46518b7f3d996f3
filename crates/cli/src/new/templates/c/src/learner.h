/* Learning in sessions: steps, a check on what was not learned from, and what is kept in flash. An
 * error is told, and ends the program. */

#ifndef LEARNER_H
#define LEARNER_H

#include "sensor.h"

enum {
    /* After so many new labels a session of learning begins. Half of them are learned from, on the
     * other half is checked what came of it. */
    LABELS = {{labels}},
    /* The steps of a session. */
    STEPS = 100,
    /* After so many steps they are saved: what a power failure can cost at most. */
    STEPS_A_SAVE = 10
};

/* Goes on from what was saved, or from what the model came with. */
void learner_start(void);

/* Names the class of a reading. */
uint32_t learner_classify(const reading *reading);

/* Remembers a labelled reading: of each class one to learn from and one to check on, in turn.
 * Answers how many there have been since the start. */
uint32_t learner_remember(const reading *reading);

/* Learns for a session, or for what is left of an interrupted one, and calls `between` after each
 * piece: a sample, forward and backward. Answers whether it kept what it learned: where fewer of
 * the held-out samples are right than before, it is taken back. */
int learner_learn(void (*between)(void));

#endif
