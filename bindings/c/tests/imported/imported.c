/* Evaluates and trains an imported network in each way that its library has, and prints hashes of
 * all bits. imported.rs prints the same in Rust. C99 and C++. */

#include "../network_names.h"

#if __STDC_HOSTED__
#include <stdio.h>
#include <stdlib.h>
#define print printf
#define finish exit
#else
#include "board.h"
#endif

enum {
    INPUTS = SIZE(_INPUTS),
    OUTPUTS = SIZE(_OUTPUTS),
    PARAMETERS = SIZE(_PARAMETERS),
    FEATURES = SIZE(_FEATURES),
    SAMPLES = 5,
    OLD = 2,
    STEPS = 4,
    STEPS_BEFORE_A_RESET = 20,
    FLASH_BYTES = 2 * ((8 * PARAMETERS + 512) / 1024 + 1) * 1024
};

typedef enum { BALL, MOMENTUM, ADAM, SAM, ENTROPY_SGD, WAYS } way;

static float theta[PARAMETERS], workspace[RB_ADAM_VECTORS * PARAMETERS];
static float scratch[SIZE(_SCRATCH)], inputs[SAMPLES][INPUTS], targets[SAMPLES][OUTPUTS];
static uint8_t bytes[SAMPLES][INPUTS];
static CALL(_feature) kept[SAMPLES][FEATURES];
static rb_optimizer optimizer;

static void check(rb_error error) {
    if (error) {
        print("%s\n", rb_error_string(error));
        finish(1);
    }
}

/* FNV-1a of the bytes, from another hash on. */
static uint32_t hash(uint32_t from, const void *values, size_t length) {
    const uint8_t *next = (const uint8_t *)values;
    for (size_t i = 0; i < length; i++)
        from = (from ^ next[i]) * 16777619u;
    return from;
}

static void say(const char *what, uint32_t bits) { print("%s %u\n", what, (unsigned)bits); }

/* From -1 to 1, the same numbers in every run. */
static float uniform(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1.0f;
}

static rb_input floats(int sample) { return rb_floats(inputs[sample]); }
static rb_input features(int sample) { return CALL(_kept)(kept[sample]); }
static rb_input unsigned_bytes(int sample) { return rb_bytes(bytes[sample], 0.01f, -1.0f); }
static rb_input signed_bytes(int sample) {
    return rb_int8((const int8_t *)bytes[sample], 0.02f, 3);
}

static void predict(const char *what, rb_input (*input)(int)) {
    uint32_t bits = 1, label;
    for (int i = 0; i < SAMPLES; i++) {
        const float *output;
        check(CALL(_predict)(theta, input(i), scratch, &output));
        bits = hash(bits, output, OUTPUTS * sizeof *output);
        check(CALL(_classify)(theta, input(i), scratch, &label));
        bits = hash(bits, &label, sizeof label);
    }
    say(what, bits);
}

static uint32_t label_of(int sample) { return (uint32_t)sample * 7 % OUTPUTS; }
static float class_weight(uint32_t label) { return 1.0f + 0.5f * (float)(label % 3); }

/* The mean loss over the samples, and its gradient unless that is null. */
static float evaluate(way way, float *gradient) {
    float loss = 0.0f, weight = 1.0f / SAMPLES, sum = 0.0f;
    for (int i = 0; gradient && i < PARAMETERS; i++)
        gradient[i] = 0.0f;
    for (int i = 0; i < SAMPLES; i++)
        sum += class_weight(label_of(i));
    for (int i = 0; i < SAMPLES; i++) {
        uint32_t label = label_of(i);
        switch (way) {
        case BALL:
            check(CALL(_cross_entropy)(theta, features(i), label,
                                       class_weight(label) * (1.0f / sum), scratch, gradient,
                                       &loss));
            break;
        case ADAM:
            check(CALL(_huber)(theta, features(i), targets[i], 0.25f, weight, scratch, gradient,
                               &loss));
            break;
        case SAM:
            check(CALL(_binary_cross_entropy)(theta, floats(i), targets[i], weight, scratch,
                                              gradient, &loss));
            break;
        default:
            check(CALL(_squared_error)(theta, floats(i), targets[i], weight, scratch, gradient,
                                       &loss));
        }
    }
    return loss;
}

static void start(way way) {
    rb_ball_config ball = rb_ball_fine_tuning(STEPS);
    rb_sgd_config sgd = rb_sgd_default();
    rb_adam_config adam = rb_adam_default();
    rb_sam_config sam = rb_sam_default();
    rb_entropy_sgd_config entropy_sgd = rb_entropy_sgd_default();
    switch (way) {
    case BALL:
        check(rb_ball_init(&optimizer, &ball, theta, PARAMETERS, workspace,
                           RB_BALL_VECTORS * PARAMETERS));
        check(rb_ball_clip_norm(&optimizer, 0.5f));
        break;
    case MOMENTUM:
        sgd.learning_rate = rb_constant(0.05f);
        sgd.momentum = 0.9f;
        check(rb_sgd_init(&optimizer, &sgd, theta, PARAMETERS, workspace,
                          RB_MOMENTUM_VECTORS * PARAMETERS));
        check(rb_sgd_clip_norm(&optimizer, 9.0f));
        check(rb_sgd_clip_norm(&optimizer, 0.25f));
        break;
    case ADAM:
        adam.learning_rate = rb_constant(0.01f);
        check(rb_adam_init(&optimizer, &adam, theta, PARAMETERS, workspace,
                           RB_ADAM_VECTORS * PARAMETERS));
        check(rb_adam_clip_norm(&optimizer, 0.125f));
        break;
    case SAM:
        check(rb_sam_init(&optimizer, &sam, theta, PARAMETERS, workspace,
                          RB_SAM_VECTORS * PARAMETERS));
        break;
    default:
        entropy_sgd.moves = 3;
        check(rb_entropy_sgd_init(&optimizer, &entropy_sgd, theta, PARAMETERS, workspace,
                                  RB_ENTROPY_SGD_VECTORS * PARAMETERS));
    }
}

static void train(way way) {
    static const char *const names[WAYS] = {"ball", "momentum", "Adam", "SAM", "Entropy-SGD"};
    for (int i = 0; i < PARAMETERS; i++)
        theta[i] = CALL(_theta)[i];
    start(way);
    for (int i = 0; i < STEPS; i++) {
        rb_request request;
        check(rb_begin(&optimizer, &request));
        while (request != RB_REQUEST_DONE) {
            if (request == RB_REQUEST_GRADIENT)
                check(rb_tell_gradient(&optimizer, evaluate(way, rb_gradient(&optimizer)),
                                       &request));
            else
                check(rb_tell_loss(&optimizer, evaluate(way, NULL), &request));
        }
    }
    float loss = evaluate(way, NULL);
    say(names[way], hash(hash(1, theta, sizeof theta), &loss, sizeof loss));
}

static uint8_t in_flash[FLASH_BYTES];

static int32_t flash_read(void *context, uint32_t offset, uint8_t *to, size_t length) {
    (void)context;
    for (size_t i = 0; i < length; i++)
        to[i] = in_flash[offset + i];
    return 0;
}

static int32_t flash_write(void *context, uint32_t offset, const uint8_t *from, size_t length) {
    (void)context;
    for (size_t i = 0; i < length; i++)
        in_flash[offset + i] = from[i];
    return 0;
}

static int32_t flash_erase(void *context, uint32_t from, uint32_t to) {
    (void)context;
    for (uint32_t i = from; i < to; i++)
        in_flash[i] = 0xff;
    return 0;
}

static const rb_flash flash = {0, flash_read, flash_write, flash_erase, 1, 4, 1024, 0, FLASH_BYTES};

static rb_fine_tuning tuning;
static rb_credibility credibilities[SAMPLES];
static uint8_t labels[SAMPLES];
static uint32_t groups[SAMPLES];
static const uint8_t old_labels[OLD] = {1, 0};

static rb_fine_tuning_arrays arrays(void) {
    rb_fine_tuning_arrays all;
    all.samples.inputs = CALL(_kept)(kept[0]);
    all.samples.labels = labels;
    all.samples.groups = groups;
    all.samples.count = SAMPLES;
    all.old.inputs = rb_floats(inputs[0]);
    all.old.labels = old_labels;
    all.old.groups = NULL;
    all.old.count = OLD;
    all.start = CALL(_theta);
    all.theta = theta;
    all.workspace = workspace;
    all.scratch = scratch;
    all.credibilities = credibilities;
    return all;
}

static rb_error begin(const rb_fine_tuning_arrays *all) {
    rb_fine_tuning_config config = rb_fine_tuning_default();
    config.seed = 3;
    return CALL(_fine_tuning_init)(&tuning, &config, all);
}

static void expect(rb_error error, rb_error expected) {
    if (error != expected) {
        print("expected that %s\n", rb_error_string(expected));
        finish(1);
    }
}

/* Fine-tunes, with a reset on the way. */
static void fine_tune(void) {
    rb_fine_tuning_arrays all = arrays();
    rb_fine_tuning_report report;
    check(begin(&all));
    do
        check(CALL(_fine_tuning_poll)(&tuning, &report));
    while (report.steps < STEPS_BEFORE_A_RESET);
    flash_erase(0, 0, FLASH_BYTES);
    check(CALL(_fine_tuning_save)(&flash, &tuning));
    for (int i = 0; i < PARAMETERS; i++)
        theta[i] = 9.0f;
    check(begin(&all));
    check(CALL(_fine_tuning_resume)(&flash, &tuning));
    /* In the middle of it, the object moves. */
    static rb_fine_tuning elsewhere;
    elsewhere = tuning;
    expect(CALL(_fine_tuning_poll)(&elsewhere, &report), RB_ERROR_MOVED);
    all.samples.count--;
    expect(CALL(_fine_tuning_rebind)(&elsewhere, &all), RB_ERROR_LENGTH);
    all.samples.count++;
    check(CALL(_fine_tuning_rebind)(&elsewhere, &all));
    do
        check(CALL(_fine_tuning_poll)(&elsewhere, &report));
    while (!report.done);
    uint32_t bits = hash(1, theta, sizeof theta);
    bits = hash(hash(bits, &report.kept, 4), &report.wrong_labels, 4);
    bits = hash(hash(bits, report.posterior, 20), report.agreeing, 20);
    bits = hash(hash(bits, report.old_agreeing, 20), &report.judgements, 4);
    for (int i = 0; i < SAMPLES; i++) {
        float label = rb_label_credibility(&credibilities[i]);
        bits = hash(bits, &label, 4);
    }
    say("fine-tuning", bits);
}

/* What cannot be answered is an error, and nothing is added or written then. */
static void refuse(void) {
    const float *output = NULL;
    float *gradient = workspace, loss = 0.5f;
    uint32_t label = 7;
    rb_input unknown = floats(0);
    unknown.kind = 9;
    for (int i = 0; i < PARAMETERS; i++)
        gradient[i] = 0.5f;
    expect(CALL(_predict)(theta, rb_floats(NULL), scratch, &output), RB_ERROR_NULL);
    expect(CALL(_predict)(theta, unknown, scratch, &output), RB_ERROR_SETTING);
    expect(CALL(_classify)(theta, floats(0), scratch, (uint32_t *)scratch), RB_ERROR_OVERLAP);
    expect(CALL(_features)(features(0), scratch, kept[1]), RB_ERROR_SETTING);
    expect(CALL(_cross_entropy)(theta, floats(0), OUTPUTS, 1.0f, scratch, gradient, &loss),
           RB_ERROR_CLASS);
    expect(CALL(_squared_error)(theta, floats(0), targets[0], 1.0f, scratch, theta, &loss),
           RB_ERROR_OVERLAP);
    expect(CALL(_binary_cross_entropy)(theta, floats(0), NULL, 1.0f, scratch, gradient, &loss),
           RB_ERROR_NULL);
    expect(CALL(_huber)(theta, floats(0), targets[0], 0.0f, 1.0f, scratch, gradient, &loss),
           RB_ERROR_SETTING);
    expect(CALL(_cross_entropy)(theta, floats(0), 0, -1.0f, scratch, gradient, &loss),
           RB_ERROR_SETTING);
    for (int i = 0; i < PARAMETERS; i++)
        expect(gradient[i] == 0.5f ? RB_ERROR_NONE : RB_ERROR_OTHER, RB_ERROR_NONE);
    expect(loss == 0.5f && label == 7 && !output ? RB_ERROR_NONE : RB_ERROR_OTHER, RB_ERROR_NONE);
}

/* What cannot be fine-tuned is an error. */
static void refuse_fine_tuning(void) {
    static rb_fine_tuning blank;
    rb_fine_tuning_report report;
    rb_fine_tuning_config config = rb_fine_tuning_default();
    rb_error_detail detail;
    rb_fine_tuning_arrays all = arrays();
    expect(CALL(_fine_tuning_poll)(&blank, &report), RB_ERROR_NOT_INITIALISED);
    expect(CALL(_fine_tuning_init_sized)(&blank, sizeof blank - 8, RB_VERSION, &config, &all),
           RB_ERROR_HEADER);
    all.start = NULL;
    expect(begin(&all), RB_ERROR_NULL);
    expect(CALL(_fine_tuning_poll)(&tuning, &report), RB_ERROR_NOT_INITIALISED);
    all.start = theta;
    expect(begin(&all), RB_ERROR_OVERLAP);
    check(rb_fine_tuning_last_error(&tuning, &detail));
    expect(detail.error, RB_ERROR_OVERLAP);
    expect(CALL(_fine_tuning_poll)(&tuning, &report), RB_ERROR_NOT_INITIALISED);
    check(rb_fine_tuning_last_error(&tuning, &detail));
    expect(detail.error, RB_ERROR_OVERLAP);
    all = arrays();
    all.samples.inputs.kind = 9;
    expect(begin(&all), RB_ERROR_SETTING);
    all = arrays();
    config.pull = -1.0f;
    expect(CALL(_fine_tuning_init)(&tuning, &config, &all), RB_ERROR_SETTING);
    all.samples.count = 1;
    check(begin(&all));
    expect(CALL(_fine_tuning_poll)(&tuning, &report), RB_ERROR_NO_SAMPLES);
    all = arrays();
    check(begin(&all));
    expect(CALL(_fine_tuning_poll)(&tuning, (rb_fine_tuning_report *)scratch), RB_ERROR_OVERLAP);
    flash_erase(0, 0, FLASH_BYTES);
    expect(CALL(_fine_tuning_resume)(&flash, &tuning), RB_ERROR_NO_CHECKPOINT);
    check(CALL(_fine_tuning_save)(&flash, &tuning));
    config = rb_fine_tuning_default();
    check(CALL(_fine_tuning_init)(&tuning, &config, &all));
    expect(CALL(_fine_tuning_resume)(&flash, &tuning), RB_ERROR_SETTING);
    labels[0] = OUTPUTS;
    check(begin(&all));
    rb_error error = RB_ERROR_NONE;
    while (!error)
        error = CALL(_fine_tuning_poll)(&tuning, &report);
    expect(error, RB_ERROR_CLASS);
    labels[0] = (uint8_t)label_of(0);
    for (int i = 0; i < PARAMETERS; i++)
        expect(theta[i] == CALL(_theta)[i] ? RB_ERROR_NONE : RB_ERROR_OTHER, RB_ERROR_NONE);
}

int main(void) {
    uint32_t state = 1;
    for (int i = 0; i < SAMPLES; i++) {
        for (int j = 0; j < INPUTS; j++) {
            inputs[i][j] = uniform(&state);
            bytes[i][j] = (uint8_t)(state >> 24);
        }
        for (int j = 0; j < OUTPUTS; j++)
            targets[i][j] = 0.5f + 0.5f * uniform(&state);
        check(CALL(_features)(floats(i), scratch, kept[i]));
        labels[i] = (uint8_t)label_of(i);
        groups[i] = (uint32_t)i % 4;
    }
    for (int i = 0; i < PARAMETERS; i++)
        theta[i] = CALL(_theta)[i];
    refuse();
    predict("floats", floats);
    predict("kept features", features);
    predict("bytes", unsigned_bytes);
    predict("int8", signed_bytes);
    say("features", hash(1, kept, sizeof kept));
    for (int i = 0; i < WAYS; i++)
        train((way)i);
    refuse_fine_tuning();
    fine_tune();
    return 0;
}
