#include "learner.h"
#include "board.h"
#include "model.h"
#include "semihosting.h"

enum { CAPACITY = (LABELS + 1) / 2, PARAMETERS = MODEL_PARAMETERS };

/* What the frozen layers make of a reading: evaluated once, and the reading is forgotten. */
typedef struct {
    model_feature features[MODEL_FEATURES];
    uint8_t label;
} sample;

/* From the oldest to the newest. */
typedef struct {
    sample samples[CAPACITY];
    uint32_t count;
} store;

/* All the RAM of learning but the stack: theta, theta before the session, the two vectors of the
 * ball, scratch and samples. */
static float theta[PARAMETERS], old[PARAMETERS];
static float workspace[RB_BALL_VECTORS * PARAMETERS], scratch[MODEL_SCRATCH];
static store learned, held_out;
static rb_optimizer ball;

/* Whether the power failed in the middle of a session. */
static int interrupted;

static void check(rb_error error) {
    if (error)
        fail(rb_error_string(error));
}

static void copy(float *to, const float *from) {
    for (uint32_t i = 0; i < PARAMETERS; i++)
        to[i] = from[i];
}

static rb_input input_of(const reading *reading) {
    return rb_bytes(reading->input, SCALE, OFFSET);
}

static void new_ball(void) {
    rb_ball_config config = rb_ball_fine_tuning(STEPS);
    check(rb_ball_init(&ball, &config, theta, PARAMETERS, workspace, RB_BALL_VECTORS * PARAMETERS));
}

void learner_start(void) {
    copy(theta, model_theta);
    new_ball();
    rb_error error = rb_resume(&flash, &ball);
    if (error == RB_ERROR_NO_CHECKPOINT) {
        print("nothing is saved yet\n");
    } else if (error == RB_ERROR_SETTING) {
        /* What was learned in sessions of another length is as good to begin with. */
        check(rb_resume_theta(&flash, theta, PARAMETERS));
        print("resumed what was saved with other settings\n");
    } else {
        uint32_t steps;
        check(error);
        check(rb_steps(&ball, &steps));
        print("resumed what was saved after %u steps\n", steps);
        interrupted = steps > 0 && steps < STEPS;
    }
}

uint32_t learner_classify(const reading *reading) {
    uint32_t label;
    check(model_classify(theta, input_of(reading), scratch, &label));
    return label;
}

static uint32_t count_of(const store *store, uint8_t label) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < store->count; i++)
        count += store->samples[i].label == label;
    return count;
}

/* The place of a new sample. In a full store the oldest of the class that has the most makes room,
 * the new one counted. */
static sample *place_for(store *store, uint8_t label) {
    if (store->count < CAPACITY)
        return &store->samples[store->count++];
    uint32_t dropped = 0, largest = 0;
    for (uint32_t i = 0; i < CAPACITY; i++) {
        uint8_t other = store->samples[i].label;
        uint32_t count = count_of(store, other) + (other == label);
        if (count > largest) {
            largest = count;
            dropped = i;
        }
    }
    for (uint32_t i = dropped; i + 1 < CAPACITY; i++)
        store->samples[i] = store->samples[i + 1];
    return &store->samples[CAPACITY - 1];
}

uint32_t learner_remember(const reading *reading) {
    static uint32_t labels;
    uint8_t label = (uint8_t)reading->label;
    int learns = count_of(&learned, label) <= count_of(&held_out, label);
    sample *sample = place_for(learns ? &learned : &held_out, label);
    check(model_features(input_of(reading), scratch, sample->features));
    sample->label = label;
    return ++labels;
}

/* The mean loss, and its gradient. */
static float evaluate(float *gradient, void (*between)(void)) {
    float loss = 0.0f, weight = 1.0f / (float)learned.count;
    for (uint32_t i = 0; gradient && i < PARAMETERS; i++)
        gradient[i] = 0.0f;
    for (uint32_t i = 0; i < learned.count; i++) {
        const sample *sample = &learned.samples[i];
        check(model_cross_entropy(theta, model_kept(sample->features), sample->label, weight,
                                  scratch, gradient, &loss));
        between();
    }
    return loss;
}

/* Makes a step, and answers how many there have been. */
static uint32_t step(void (*between)(void)) {
    rb_request request;
    check(rb_begin(&ball, &request));
    while (request != RB_REQUEST_DONE) {
        if (request == RB_REQUEST_GRADIENT)
            check(rb_tell_gradient(&ball, evaluate(rb_gradient(&ball), between), &request));
        else
            check(rb_tell_loss(&ball, evaluate(0, between), &request));
    }
    uint32_t steps;
    check(rb_steps(&ball, &steps));
    return steps;
}

/* How many of the held-out samples the network puts into their class. */
static uint32_t count_right(const float *parameters) {
    uint32_t right = 0;
    for (uint32_t i = 0; i < held_out.count; i++) {
        const sample *sample = &held_out.samples[i];
        uint32_t label;
        check(model_classify(parameters, model_kept(sample->features), scratch, &label));
        right += label == sample->label;
    }
    return right;
}

int learner_learn(void (*between)(void)) {
    uint32_t steps = 0;
    if (interrupted) {
        /* What the session began with went with the power: the model's own stands in for it. */
        copy(old, model_theta);
        check(rb_steps(&ball, &steps));
        interrupted = 0;
    } else {
        copy(old, theta);
        new_ball();
    }
    uint32_t before = count_right(old);
    print("before: %u of %u held out are right\n", before, held_out.count);
    while (steps < STEPS) {
        steps = step(between);
        if (steps < STEPS && steps % STEPS_A_SAVE == 0) {
            rb_step_report report;
            check(rb_report(&ball, &report));
            print("step %u, loss %f: saving\n", steps, report.loss_before);
            check(rb_save(&flash, &ball));
        }
    }
    uint32_t after = count_right(theta);
    print("after: %u of %u held out are right\n", after, held_out.count);
    if (after < before) {
        copy(theta, old);
        new_ball();
    }
    check(rb_save(&flash, &ball));
    return after >= before;
}
