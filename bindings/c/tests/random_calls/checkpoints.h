/* Random saves and resumes of optimizers, in a flash that they have in common. */

#ifndef CHECKPOINTS_H
#define CHECKPOINTS_H

#include "objects.h"

void checkpoints_start(void);
void checkpoints_call(object *object);
void checkpoints_check(void);
void checkpoints_end(void);

#endif
