/* Trains a network of 2-8-8-2 to tell the inside of a circle from its outside, once with each
 * optimizer. */

#include "rolling_ball.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    INPUTS = 2,
    HIDDEN = 8,
    CLASSES = 2,
    PARAMETERS = RB_DENSE_PARAMETERS(INPUTS, HIDDEN) + RB_DENSE_PARAMETERS(HIDDEN, HIDDEN) +
                 RB_DENSE_PARAMETERS(HIDDEN, CLASSES),
    SCRATCH = 2 * HIDDEN + 2 * HIDDEN + CLASSES,
    SAMPLES = 200,
    STEPS = 400
};

static const uint32_t widths[] = {INPUTS, HIDDEN, HIDDEN, CLASSES};
static float theta[PARAMETERS], workspace[RB_ADAM_VECTORS * PARAMETERS], scratch[SCRATCH];
static const rb_mlp network = {widths, 4, theta, PARAMETERS, scratch, SCRATCH};
static float inputs[SAMPLES][INPUTS];
static uint32_t labels[SAMPLES];

static void check(rb_error error) {
    if (error) {
        fprintf(stderr, "%s\n", rb_error_string(error));
        exit(1);
    }
}

/* From -1 to 1, the same numbers in every run. */
static float uniform(void) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 8388608.0f - 1.0f;
}

static float evaluate(float *gradient) {
    float loss = 0.0f;
    for (int i = 0; gradient && i < PARAMETERS; i++)
        gradient[i] = 0.0f;
    for (int i = 0; i < SAMPLES; i++)
        check(rb_mlp_cross_entropy(&network, inputs[i], INPUTS, labels[i], 1.0f / SAMPLES, gradient,
                                   &loss));
    return loss;
}

static float step(rb_optimizer *optimizer) {
    rb_request request;
    rb_step_report report;
    check(rb_begin(optimizer, &request));
    while (request != RB_REQUEST_DONE) {
        if (request == RB_REQUEST_GRADIENT)
            check(rb_tell_gradient(optimizer, evaluate(rb_gradient(optimizer)), &request));
        else
            check(rb_tell_loss(optimizer, evaluate(NULL), &request));
    }
    check(rb_report(optimizer, &report));
    return report.loss_before;
}

static int train(const char *name, rb_optimizer *optimizer) {
    float first = step(optimizer), last = first;
    int right = 0;
    for (int i = 1; i < STEPS; i++)
        last = step(optimizer);
    for (int i = 0; i < SAMPLES; i++) {
        uint32_t label;
        check(rb_mlp_classify(&network, inputs[i], INPUTS, &label));
        right += label == labels[i];
    }
    printf("%-8s loss %.3f, then %.3f; %d of %d right\n", name, (double)first, (double)last, right,
           SAMPLES);
    return last < first;
}

static void start_anew(void) {
    for (int i = 0; i < PARAMETERS; i++)
        theta[i] = 0.7f * uniform();
}

int main(void) {
    static rb_optimizer optimizer;
    int learned = 1;
    for (int i = 0; i < SAMPLES; i++) {
        inputs[i][0] = uniform();
        inputs[i][1] = uniform();
        labels[i] = inputs[i][0] * inputs[i][0] + inputs[i][1] * inputs[i][1] < 0.5f;
    }

    rb_ball_config ball = rb_ball_fine_tuning(STEPS);
    start_anew();
    check(rb_ball_init(&optimizer, &ball, theta, PARAMETERS, workspace,
                       RB_BALL_VECTORS * PARAMETERS));
    learned &= train("ball", &optimizer);

    rb_sgd_config momentum = rb_sgd_default();
    momentum.learning_rate = rb_cosine(0.1f, 0.0f, STEPS);
    momentum.momentum = 0.9f;
    start_anew();
    check(rb_sgd_init(&optimizer, &momentum, theta, PARAMETERS, workspace,
                      RB_MOMENTUM_VECTORS * PARAMETERS));
    learned &= train("momentum", &optimizer);

    rb_adam_config adam = rb_adam_default();
    adam.learning_rate = rb_constant(0.01f);
    start_anew();
    check(rb_adam_init(&optimizer, &adam, theta, PARAMETERS, workspace,
                       RB_ADAM_VECTORS * PARAMETERS));
    learned &= train("Adam", &optimizer);

    rb_sam_config sam = rb_sam_default();
    sam.learning_rate = rb_constant(0.3f);
    start_anew();
    check(rb_sam_init(&optimizer, &sam, theta, PARAMETERS, workspace,
                      RB_SAM_VECTORS * PARAMETERS));
    learned &= train("SAM", &optimizer);
    return learned ? 0 : 1;
}
