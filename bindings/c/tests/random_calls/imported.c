#include "imported.h"
#include "check.h"
#include "guarded.h"
#include "network.h"
#include "numbers.h"
#include <math.h>
#include <string.h>

static guarded theta_memory, values_memory, scratch_memory, target_memory, gradient_memory,
    features_memory;
static float *theta, *scratch, *target, *gradient;
static void *values;
static CALL(_feature) *features;
static rb_input input;

size_t inputs_room(size_t count) {
    size_t floats = INPUTS * sizeof(float), one = floats > FEATURE_BYTES ? floats : FEATURE_BYTES;
    return count * one;
}

rb_input random_inputs(void *room, size_t count, uint32_t hostile_once_in) {
    size_t length = inputs_room(count);
    if (once_in(4)) {
        fill(room, length / sizeof(float), hostile_once_in);
        return rb_floats(room);
    }
    if (sizeof(CALL(_feature)) == sizeof(float)) {
        fill(room, length / sizeof(float), hostile_once_in);
        if (once_in(2))
            return CALL(_kept)(room);
    }
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)room)[i] = (uint8_t)below(256);
    if (sizeof(CALL(_feature)) == 1 && once_in(2))
        return CALL(_kept)(room);
    return once_in(2) ? rb_bytes(room, 0.01f, -1.0f) : rb_int8(room, 0.02f, 3);
}

static float *new_floats(guarded *memory, size_t length) {
    float *floats = guarded_new(memory, length * sizeof *floats);
    fill(floats, length, 3000);
    return floats;
}

void imported_start(void) {
    theta = new_floats(&theta_memory, PARAMETERS);
    values = guarded_new(&values_memory, inputs_room(1));
    input = random_inputs(values, 1, 3000);
    /* Its content does not matter, not even whether it is defined. */
    scratch = guarded_new(&scratch_memory, SCRATCH * sizeof *scratch);
    target = new_floats(&target_memory, OUTPUTS);
    gradient = new_floats(&gradient_memory, PARAMETERS);
    features = guarded_new(&features_memory, FEATURE_BYTES);
}

void imported_check(void) {
    guarded_check(&theta_memory);
    guarded_check(&values_memory);
    guarded_check(&scratch_memory);
    guarded_check(&target_memory);
    guarded_check(&gradient_memory);
    guarded_check(&features_memory);
}

void imported_end(void) {
    guarded_free(&theta_memory);
    guarded_free(&values_memory);
    guarded_free(&scratch_memory);
    guarded_free(&target_memory);
    guarded_free(&gradient_memory);
    guarded_free(&features_memory);
}

/* The arguments of a call. */
typedef struct arguments {
    const float *theta, *target;
    rb_input input;
    float *scratch, *gradient;
    void *result;
    uint32_t label;
    float weight, delta;
} arguments;

/* Somewhere in what a call reads or writes. */
static void *inside(const arguments *arguments) {
    switch (below(3)) {
    case 0:
        return (void *)(uintptr_t)(arguments->theta + below(PARAMETERS));
    case 1:
        return arguments->scratch + below(SCRATCH);
    default:
        /* Of kept features and of bytes there may be few. */
        return (void *)(uintptr_t)arguments->input.values;
    }
}

/* Makes an argument wrong that every call has, or none. */
static void spoil(arguments *arguments, codes *wrong) {
    switch (below(16)) {
    case 0:
        arguments->theta = wrong_pointer(theta, wrong);
        break;
    case 1:
        arguments->scratch = wrong_pointer(scratch, wrong);
        break;
    case 2:
        arguments->input.values = NULL;
        *wrong |= CODE(NULL);
        break;
    case 3:
        arguments->input.kind = 4 + below(0xfffffff0);
        *wrong |= CODE(SETTING);
        break;
    case 4:
        arguments->scratch = theta;
        *wrong |= CODE(OVERLAP);
        break;
    case 5:
        arguments->input.values = scratch + below(SCRATCH);
        *wrong |= CODE(OVERLAP);
        break;
    case 6:
        arguments->result = wrong_pointer(arguments->result, wrong);
        break;
    case 7:
        arguments->result = inside(arguments);
        *wrong |= CODE(OVERLAP) | CODE(MISALIGNED);
        break;
    default:
        break;
    }
}

/* What a network answers whose numbers may be anything. */
static const codes FINE = CODE(NONE) | CODE(NON_FINITE_INPUT);

static void call_output(arguments *arguments) {
    codes wrong = 0;
    const float *output = NULL;
    uint32_t label = 77;
    int classify = once_in(2);
    arguments->result = classify ? (void *)&label : (void *)&output;
    spoil(arguments, &wrong);
    if (classify) {
        rb_error error = ANSWER(CALL(_classify)(arguments->theta, arguments->input,
                                                arguments->scratch, arguments->result),
                                wrong, FINE | CODE(NON_FINITE_OUTPUT));
        EXPECT(error ? label == 77 : label < OUTPUTS);
        return;
    }
    rb_error error = ANSWER(CALL(_predict)(arguments->theta, arguments->input, arguments->scratch,
                                           arguments->result),
                            wrong, FINE);
    EXPECT(error ? output == NULL : output >= scratch && output + OUTPUTS <= scratch + SCRATCH);
}

static void call_features(arguments *arguments) {
    codes wrong = 0;
    arguments->result = features;
    spoil(arguments, &wrong);
    /* It takes no theta. */
    const unsigned char *place = arguments->result, *from = (const unsigned char *)theta;
    if (arguments->theta != theta || (place >= from && place < from + PARAMETERS * sizeof *theta))
        return;
    if (arguments->scratch == theta)
        arguments->result = theta;
    if (sizeof *features == 1 && arguments->result == (unsigned char *)features + 1) {
        /* No byte is misaligned. */
        arguments->result = NULL;
        wrong = CODE(NULL);
    }
    if (arguments->input.kind == RB_INPUT_KEPT)
        wrong |= CODE(SETTING);
    ANSWER(CALL(_features)(arguments->input, arguments->scratch, arguments->result), wrong, FINE);
}

/* Adds a sample's loss, with the gradient or without. */
static rb_error add(int which, const arguments *it, float *with, codes right) {
    switch (which) {
    case 0:
        return ANSWER(CALL(_cross_entropy)(it->theta, it->input, it->label, it->weight,
                                           it->scratch, with, it->result),
                      right, 0);
    case 1:
        return ANSWER(CALL(_squared_error)(it->theta, it->input, it->target, it->weight,
                                           it->scratch, with, it->result),
                      right, 0);
    case 2:
        return ANSWER(CALL(_binary_cross_entropy)(it->theta, it->input, it->target, it->weight,
                                                  it->scratch, with, it->result),
                      right, 0);
    default:
        return ANSWER(CALL(_huber)(it->theta, it->input, it->target, it->delta, it->weight,
                                   it->scratch, with, it->result),
                      right, 0);
    }
}

static void call_loss(arguments *arguments) {
    static float known_gradient[PARAMETERS];
    float loss = usual(), known = loss, alone = loss;
    int which = (int)below(4), has_target = which > 0;
    codes wrong = 0, fine = FINE;
    arguments->weight = once_in(20) ? hostile() : (float)below(1000) / 999.0f;
    arguments->delta = once_in(20) ? hostile() : 0.25f;
    arguments->result = &loss;
    memcpy(known_gradient, gradient, PARAMETERS * sizeof *gradient);
    spoil(arguments, &wrong);
    if (!wrong)
        switch (below(16)) {
        case 0:
            if (has_target)
                arguments->target = wrong_pointer(target, &wrong);
            break;
        case 1:
            if (has_target) {
                arguments->target = once_in(2) ? scratch : gradient;
                wrong |= CODE(OVERLAP);
            }
            break;
        case 2:
            if (!has_target) {
                arguments->label = OUTPUTS + below(0xffffffff - OUTPUTS);
                wrong |= CODE(CLASS);
            }
            break;
        case 3:
            arguments->gradient = (float *)(void *)((unsigned char *)gradient + 1);
            wrong |= CODE(MISALIGNED);
            break;
        case 4:
            arguments->gradient = once_in(2) ? theta : scratch;
            wrong |= CODE(OVERLAP);
            break;
        case 5:
            arguments->result = gradient + below(PARAMETERS);
            wrong |= CODE(OVERLAP);
            break;
        default:
            break;
        }
    if (!(isfinite(arguments->weight) && arguments->weight >= 0.0f))
        wrong |= CODE(SETTING);
    if (which == 3 && !(isfinite(arguments->delta) && arguments->delta > 0.0f))
        wrong |= CODE(SETTING);
    for (size_t i = 0; which == 2 && i < OUTPUTS; i++)
        if (!(target[i] >= 0.0f && target[i] <= 1.0f))
            wrong |= CODE(SETTING);
    if (wrong)
        /* The input may be seen before what is wrong. */
        wrong |= CODE(NON_FINITE_INPUT);
    rb_error error = add(which, arguments, arguments->gradient, wrong ? wrong : fine);
    if (error) {
        EXPECT(memcmp(&loss, &known, sizeof loss) == 0);
        EXPECT(memcmp(gradient, known_gradient, PARAMETERS * sizeof *gradient) == 0);
        return;
    }
    /* With or without a gradient, the loss has the same bits. */
    arguments->result = &alone;
    add(which, arguments, NULL, CODE(NONE));
    EXPECT(memcmp(&loss, &alone, sizeof loss) == 0);
    fill(gradient, PARAMETERS, 3000);
}

void imported_call(void) {
    static float known[PARAMETERS];
    if (once_in(30)) {
        imported_end();
        imported_start();
    }
    for (size_t i = 0; i < OUTPUTS; i++)
        target[i] = once_in(400) ? hostile() : 0.5f + 0.5f * usual();
    memcpy(known, theta, PARAMETERS * sizeof *theta);
    arguments arguments = {theta, target, input, scratch, gradient, NULL, below(OUTPUTS), 1.0f,
                           1.0f};
    switch (below(4)) {
    case 0:
        call_output(&arguments);
        break;
    case 1:
        call_features(&arguments);
        break;
    default:
        call_loss(&arguments);
    }
    EXPECT(memcmp(known, theta, PARAMETERS * sizeof *theta) == 0);
}
