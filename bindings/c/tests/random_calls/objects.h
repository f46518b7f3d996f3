/* The optimizers that are called, and what each must be by all that was done to it. */

#ifndef OBJECTS_H
#define OBJECTS_H

#include "check.h"
#include "guarded.h"
#include "settings.h"

enum { LONGEST = 12 };

typedef struct object {
    guarded memory, theta_memory, workspace_memory;
    rb_optimizer *it;
    enum { NEVER, FAILED, INITIALISED } state;
    kind kind;
    int clipped;
    float *theta, *workspace;
    size_t length;
    /* The bytes that theta must have. */
    float known[LONGEST];
    /* What is waited for; RB_REQUEST_DONE where no step is in progress. */
    rb_request awaited;
    uint32_t steps, refused, gradients, losses;
    /* The setting of SGD; 1 in all others. */
    uint32_t measure_every;
    /* Theta was finite when the step began, and must be when it ends. */
    int began_finite;
    /* Where it was when it was bound to its buffers, and whether it is elsewhere now. */
    const rb_optimizer *bound;
    int moved;
    /* What the last call answered that did more than ask. */
    rb_error last;
    /* Another number for all settings that were never given before. */
    uint32_t settings;
} object;

/* The address of the object for a call. */
rb_optimizer *address(const object *object, codes *wrong);
/* A call on this address did more than ask. */
void remember(object *object, const rb_optimizer *it, rb_error error);
/* Theta may have other bytes from now on. */
void remember_theta(object *object);
/* Where a call writes: memory of its own, or what must be refused. */
void *output(const object *object, void *good, codes *wrong);
/* Settings were changed. */
void other_settings(object *object);

#endif
