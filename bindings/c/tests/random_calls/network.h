/* The imported network whose library is called. */

#ifndef RANDOM_NETWORK_H
#define RANDOM_NETWORK_H

#include "../network_names.h"

enum {
    INPUTS = SIZE(_INPUTS),
    OUTPUTS = SIZE(_OUTPUTS),
    PARAMETERS = SIZE(_PARAMETERS),
    FEATURES = SIZE(_FEATURES),
    FEATURE_BYTES = SIZE(_FEATURE_BYTES),
    SCRATCH = SIZE(_SCRATCH)
};

/* Inputs of any kind, one after another without a gap, where there is room for floats or kept
 * features of all of them. */
rb_input random_inputs(void *room, size_t count, uint32_t hostile_once_in);
/* How many bytes they take at most. */
size_t inputs_room(size_t count);

#endif
