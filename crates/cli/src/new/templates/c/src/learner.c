#include "learner.h"
#include "board.h"
#include "model.h"
#include "semihosting.h"

enum { PARAMETERS = MODEL_PARAMETERS };

/* All the RAM of learning but the stack: theta, the vectors of the ball, scratch, the samples from
 * the oldest to the newest, and what is found of their labels. Of a reading there is what the
 * frozen layers make of it: evaluated once, and the reading is forgotten. */
static float theta[PARAMETERS], workspace[RB_FINE_TUNING_VECTORS * PARAMETERS];
static float scratch[MODEL_SCRATCH];
static model_feature features[LABELS][MODEL_FEATURES];
static uint8_t labels[LABELS];
static uint32_t count;
static rb_credibility credibilities[LABELS];
static rb_fine_tuning tuning;

/* Is made of all readings, so that a session is not resumed with others. */
static uint32_t seed;

static void check(rb_error error) {
    if (error)
        fail(rb_error_string(error));
}

static rb_input input_of(const reading *reading) {
    return rb_bytes(reading->input, SCALE, OFFSET);
}

void learner_start(void) {
    for (uint32_t i = 0; i < PARAMETERS; i++)
        theta[i] = model_theta[i];
    rb_error error = rb_resume_theta(&flash, theta, PARAMETERS);
    if (error == RB_ERROR_NO_CHECKPOINT) {
        print("nothing is saved yet\n");
    } else if (error == RB_ERROR_KIND) {
        /* Its theta is one on the way; the session goes on when the samples are there again. */
        print("a session was interrupted\n");
    } else {
        check(error);
        print("goes on with what was kept\n");
    }
}

uint32_t learner_classify(const reading *reading) {
    uint32_t label;
    check(model_classify(theta, input_of(reading), scratch, &label));
    return label;
}

static uint32_t count_of(uint8_t label) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += labels[i] == label;
    return sum;
}

/* The place of a new sample. Where there is none the oldest of the class that has the most makes
 * room, the new one counted. */
static uint32_t place_for(uint8_t label) {
    if (count < LABELS)
        return count++;
    uint32_t dropped = 0, largest = 0;
    for (uint32_t i = 0; i < LABELS; i++) {
        uint32_t own = count_of(labels[i]) + (labels[i] == label);
        if (own > largest) {
            largest = own;
            dropped = i;
        }
    }
    for (uint32_t i = dropped; i + 1 < LABELS; i++) {
        for (uint32_t j = 0; j < MODEL_FEATURES; j++)
            features[i][j] = features[i + 1][j];
        labels[i] = labels[i + 1];
    }
    return LABELS - 1;
}

uint32_t learner_remember(const reading *reading) {
    static uint32_t readings;
    uint8_t label = (uint8_t)reading->label;
    uint32_t place = place_for(label);
    check(model_features(input_of(reading), scratch, features[place]));
    labels[place] = label;
    for (uint32_t i = 0; i < MODEL_INPUTS; i++)
        seed = (seed ^ reading->input[i]) * 16777619u;
    seed = (seed ^ label) * 16777619u;
    return ++readings;
}

uint32_t percent(float part) { return (uint32_t)(part * 100.0f); }

/* Tells what was found by networks that had not learned from the samples that they judged. */
static void tell(const rb_fine_tuning_report *report) {
    print("before: %u of %u are right\n", report->agreeing[0], report->samples);
    print("after: %u of %u are right\n", report->agreeing[4], report->samples);
    uint32_t doubtful = 0, place = 0;
    float least = 1.0f;
    for (uint32_t i = 0; i < report->samples; i++) {
        float label = rb_label_credibility(&credibilities[i]);
        doubtful += label < 0.5f;
        if (label < least) {
            least = label;
            place = i;
        }
    }
    print("%u labels seem wrong; the least credible is that of sample %u, %u %%\n", doubtful, place,
          percent(least));
}

rb_fine_tuning_report learner_learn(void (*between)(void)) {
    rb_fine_tuning_config config = rb_fine_tuning_default();
    config.seed = seed;
    rb_fine_tuning_arrays arrays = {
        .samples = {.inputs = model_kept(features[0]), .labels = labels, .count = count},
        .start = model_theta,
        .theta = theta,
        .workspace = workspace,
        .scratch = scratch,
        .credibilities = credibilities,
    };
    check(model_fine_tuning_init(&tuning, &config, &arrays));
    rb_error error = model_fine_tuning_resume(&flash, &tuning);
    int resumed = !error;
    /* There is none, or one of another session. */
    if (error != RB_ERROR_NO_CHECKPOINT && error != RB_ERROR_KIND && error != RB_ERROR_SETTING)
        check(error);
    rb_fine_tuning_report report;
    uint32_t saved = 0;
    for (;;) {
        check(model_fine_tuning_poll(&tuning, &report));
        if (report.done)
            break;
        between();
        if (resumed) {
            saved = report.steps;
            print("resumed after %u steps\n", saved);
            resumed = 0;
        }
        if (report.steps >= saved + STEPS_A_SAVE) {
            saved = report.steps;
            print("step %u of %u: saving\n", saved, report.all_steps);
            check(model_fine_tuning_save(&flash, &tuning));
        }
    }
    tell(&report);
    check(rb_save_theta(&flash, theta, PARAMETERS));
    return report;
}
