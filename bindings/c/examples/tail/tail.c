/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Another engine computes the body of a network, in int8; this trains the layer that comes after
 * it. It learns from 30 labelled samples, is reset in the middle of it, goes on from its
 * checkpoint, and recognises 60 others. Every core prints the same. */

#include "board.h"
#include "rolling_ball.h"

enum {
    FEATURES = 16,
    CLASSES = 3,
    SAMPLES = 30,
    OTHERS = 60,
    STEPS = 40,
    PARAMETERS = RB_DENSE_PARAMETERS(FEATURES, CLASSES)
};

/* Of the engine's tensor that holds the features: a byte stands for (byte - ZERO) * SCALE. */
#define SCALE 0.05f
#define ZERO (-12)

static const uint32_t widths[] = {FEATURES, CLASSES};
static float theta[PARAMETERS], workspace[RB_BALL_VECTORS * PARAMETERS], scratch[CLASSES];
static const rb_mlp tail = {widths, 2, theta, PARAMETERS, scratch, CLASSES};
static rb_optimizer ball;

/* What the engine gave for the samples that were labelled: a byte a feature stays in RAM. */
static int8_t kept[SAMPLES][FEATURES];

static void check(rb_error error) {
    if (error)
        board_fail(rb_error_string(error));
}

static uint32_t class_of(uint32_t sample) {
    return sample * 7 % CLASSES;
}

/* Stands in for the engine. */
static void engine(uint32_t sample, int8_t features[FEATURES]) {
    static const int8_t usual[CLASSES][4] = {{20, -25, 10, -5}, {-15, 20, 5, 15}, {5, 0, -25, -10}};
    uint32_t state = sample * 2654435761u + 1;
    for (int i = 0; i < FEATURES; i++) {
        state = state * 1664525u + 1013904223u;
        int noise = (int)(state >> 26) - 32;
        features[i] = (int8_t)(usual[class_of(sample)][i % 4] + noise);
    }
}

/* The loss of the mean over the samples; its gradient too, unless that is null. */
static float evaluate(float *gradient) {
    float features[FEATURES], loss = 0.0f;
    for (int i = 0; gradient && i < PARAMETERS; i++)
        gradient[i] = 0.0f;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        check(rb_dequantize_int8(kept[i], FEATURES, SCALE, ZERO, features));
        check(rb_mlp_cross_entropy(&tail, features, FEATURES, class_of(i), 1.0f / SAMPLES, gradient,
                                   &loss));
        /* Between two samples a firmware can feed its watchdog, or serve its main loop. */
    }
    return loss;
}

static void step(void) {
    rb_request request;
    check(rb_begin(&ball, &request));
    while (request != RB_REQUEST_DONE) {
        if (request == RB_REQUEST_GRADIENT)
            check(rb_tell_gradient(&ball, evaluate(rb_gradient(&ball)), &request));
        else
            check(rb_tell_loss(&ball, evaluate(NULL), &request));
    }
}

/* Recognises samples that were not learned from. */
static uint32_t right(void) {
    uint32_t sum = 0;
    for (uint32_t i = SAMPLES; i < SAMPLES + OTHERS; i++) {
        int8_t bytes[FEATURES];
        float features[FEATURES];
        uint32_t label;
        engine(i, bytes);
        check(rb_dequantize_int8(bytes, FEATURES, SCALE, ZERO, features));
        check(rb_mlp_classify(&tail, features, FEATURES, &label));
        sum += label == class_of(i);
    }
    return sum;
}

/* FNV-1a of theta's bits. */
static uint32_t hash(void) {
    const unsigned char *bytes = (const unsigned char *)theta;
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < sizeof theta; i++)
        sum = (sum ^ bytes[i]) * 16777619u;
    return sum;
}

int main(void) {
    rb_error_detail wrong;
    rb_ball_config config = rb_ball_fine_tuning(STEPS);
    uint32_t done;
    if (rb_mlp_check(&tail, FEATURES, &wrong))
        board_fail("the description of the tail is wrong");
    for (uint32_t i = 0; i < SAMPLES; i++)
        engine(i, kept[i]);
    /* The imported layer would be copied here; without one it begins at zero. */
    for (int i = 0; i < PARAMETERS; i++)
        theta[i] = 0.0f;
    /* The form that the presets have is all that is linked. */
    check(rb_contact_ball_init(&ball, &config, theta, PARAMETERS, workspace,
                               RB_BALL_VECTORS * PARAMETERS));
    rb_error resumed = rb_resume(&board_flash, &ball);
    if (resumed != RB_ERROR_NO_CHECKPOINT)
        check(resumed);
    check(rb_steps(&ball, &done));
    board_print(done ? "resumed after step " : "begun at step ", done);
    board_print("right of 60: ", right());
    while (done < STEPS) {
        step();
        if (++done == STEPS / 2) {
            check(rb_save(&board_flash, &ball));
            board_print("saved after step ", done);
            board_reset();
        }
    }
    board_print("trained to step ", done);
    board_print("right of 60: ", right());
    board_print("hash of theta: ", hash());
    check(rb_erase_checkpoints(&board_flash));
    return 0;
}
