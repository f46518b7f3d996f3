/* Random settings, among them such as nobody would write. */

#ifndef SETTINGS_H
#define SETTINGS_H

#include "rolling_ball.h"

typedef enum kind {
    BALL,
    CONTACT_BALL,
    SGD,
    ADAM,
    SAM,
    ENTROPY_SGD,
    ZEROTH_ORDER_BALL,
    KINDS
} kind;

typedef union settings {
    rb_ball_config ball;
    rb_sgd_config sgd;
    rb_adam_config adam;
    rb_sam_config sam;
    rb_entropy_sgd_config entropy_sgd;
    rb_zeroth_order_ball_config zeroth_order_ball;
} settings;

rb_schedule random_schedule(void);
/* Whether an init function must refuse the schedule. */
int schedule_is_wrong(rb_schedule schedule);

/* Settings for a theta of this length. Where they are mild, an init function must accept them. */
settings random_settings(kind kind, size_t length, int *mild);
/* Whether an init function must refuse them. */
int settings_are_wrong(kind kind, const settings *settings);
/* How many vectors the workspace has. */
size_t vectors(kind kind, const settings *settings);

#endif
