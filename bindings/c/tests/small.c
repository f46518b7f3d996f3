/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What a ball and a perceptron add to a program: all that trains and classifies, and nothing else.
 * `cargo xtask size` tells how large it is. */

#include "rolling_ball.h"

enum { INPUTS = 64, CLASSES = 10, STEPS = 60, PARAMETERS = RB_DENSE_PARAMETERS(INPUTS, CLASSES) };

static rb_optimizer ball;
static float theta[PARAMETERS], workspace[RB_BALL_VECTORS * PARAMETERS], scratch[CLASSES];
static float input[INPUTS];
static const uint32_t widths[] = {INPUTS, CLASSES};
static const rb_mlp network = {widths, 2, theta, PARAMETERS, scratch, CLASSES};
static volatile uint32_t answer;

static void check(rb_error error) {
    while (error) {
    }
}

static float evaluate(float *gradient) {
    float loss = 0.0f;
    for (int i = 0; gradient && i < PARAMETERS; i++)
        gradient[i] = 0.0f;
    check(rb_mlp_cross_entropy(&network, input, INPUTS, 1, 1.0f, gradient, &loss));
    return loss;
}

void reset(void);

void reset(void) {
    rb_ball_config config = rb_ball_fine_tuning(STEPS);
    check(INIT(&ball, &config, theta, PARAMETERS, workspace, RB_BALL_VECTORS * PARAMETERS));
    for (int i = 0; i < STEPS; i++) {
        rb_request request;
        check(rb_begin(&ball, &request));
        while (request != RB_REQUEST_DONE) {
            if (request == RB_REQUEST_GRADIENT)
                check(rb_tell_gradient(&ball, evaluate(rb_gradient(&ball)), &request));
            else
                check(rb_tell_loss(&ball, evaluate(NULL), &request));
        }
    }
    uint32_t label;
    check(rb_mlp_classify(&network, input, INPUTS, &label));
    answer = label;
    for (;;) {
    }
}
