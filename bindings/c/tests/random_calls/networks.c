#include "networks.h"
#include "check.h"
#include "guarded.h"
#include "numbers.h"
#include <math.h>
#include <string.h>

enum { LAYERS = 3, WIDEST = 6, LONGEST = LAYERS * RB_DENSE_PARAMETERS(WIDEST, WIDEST) };

/* The network that is called, and what it reads and writes. */
static guarded widths_memory, theta_memory, scratch_memory, input_memory, target_memory,
    gradient_memory;
static uint32_t *widths;
static float *theta, *scratch, *input, *target, *gradient;
static size_t count, parameters, scratch_length, inputs, outputs;

static float *new_floats(guarded *memory, size_t length) {
    float *floats = guarded_new(memory, length * sizeof *floats);
    fill(floats, length, 300);
    return floats;
}

void networks_start(void) {
    count = 2 + below(LAYERS);
    widths = guarded_new(&widths_memory, count * sizeof *widths);
    parameters = scratch_length = 0;
    for (size_t i = 0; i < count; i++) {
        widths[i] = 1 + below(WIDEST);
        if (i > 0)
            parameters += RB_DENSE_PARAMETERS((size_t)widths[i - 1], (size_t)widths[i]);
        if (i > 0)
            scratch_length += (i + 1 < count ? 2 : 1) * (size_t)widths[i];
    }
    inputs = widths[0];
    outputs = widths[count - 1];
    theta = new_floats(&theta_memory, parameters);
    /* Its content does not matter, not even whether it is defined. */
    scratch = guarded_new(&scratch_memory, scratch_length * sizeof *scratch);
    input = new_floats(&input_memory, inputs);
    target = new_floats(&target_memory, outputs);
    gradient = new_floats(&gradient_memory, parameters);
}

void networks_check(void) {
    guarded_check(&widths_memory);
    guarded_check(&theta_memory);
    guarded_check(&scratch_memory);
    guarded_check(&input_memory);
    guarded_check(&target_memory);
    guarded_check(&gradient_memory);
}

void networks_end(void) {
    guarded_free(&widths_memory);
    guarded_free(&theta_memory);
    guarded_free(&scratch_memory);
    guarded_free(&input_memory);
    guarded_free(&target_memory);
    guarded_free(&gradient_memory);
}

/* The arguments of a call. */
typedef struct arguments {
    const rb_mlp *network;
    const float *input, *target;
    size_t inputs, targets;
    uint32_t label;
    float *gradient;
    void *result;
} arguments;

/* Somewhere in what the network reads or writes. */
static void *inside(const rb_mlp *network) {
    switch (below(5)) {
    case 0:
        return theta + below((uint32_t)parameters);
    case 1:
        return scratch + below((uint32_t)scratch_length);
    case 2:
        return input + below((uint32_t)inputs);
    case 3:
        return widths + below((uint32_t)count);
    default:
        return (void *)(uintptr_t)network;
    }
}

static uint32_t no_width[] = {3, 0, 2}, huge[] = {0xffffffff, 0xffffffff, 0xffffffff, 0xfffffff1};

/* Makes a part of the description wrong, or none. */
static void spoil_network(rb_mlp *network, codes *wrong) {
    switch (below(20)) {
    case 0:
        network->widths = wrong_pointer(widths, wrong);
        break;
    case 1:
        network->count = below(2);
        *wrong |= CODE(NETWORK);
        break;
    case 2:
        network->widths = no_width;
        network->count = 3;
        *wrong |= CODE(NETWORK);
        break;
    case 3:
        network->widths = huge;
        network->count = 2 + below(3);
        *wrong |= CODE(NETWORK) | CODE(LENGTH);
        break;
    case 4:
        network->parameters = once_in(2) ? parameters + 1 : any();
        *wrong |= network->parameters != parameters ? CODE(LENGTH) : 0;
        break;
    case 5:
        network->scratch_length = once_in(2) ? scratch_length - 1 : any();
        *wrong |= network->scratch_length < scratch_length ? CODE(LENGTH) : 0;
        break;
    case 6:
        network->theta = wrong_pointer(theta, wrong);
        break;
    case 7:
        network->scratch = wrong_pointer(scratch, wrong);
        break;
    case 8:
        do
            network->scratch = inside(network);
        while (network->scratch >= scratch && network->scratch < scratch + scratch_length);
        *wrong |= CODE(OVERLAP);
        break;
    default:
        break;
    }
}

/* Makes an argument wrong, or none. No more than one thing is wrong: two that overlap something
 * could be apart from each other. */
static void spoil(arguments *arguments, codes *wrong) {
    if (*wrong)
        return;
    switch (below(20)) {
    case 0:
        arguments->network = wrong_pointer((void *)(uintptr_t)arguments->network, wrong);
        break;
    case 1:
        arguments->input = wrong_pointer(input, wrong);
        break;
    case 2:
        /* A length that is not there may reach into what is written. */
        arguments->inputs = once_in(2) ? inputs + 1 : any();
        *wrong |= arguments->inputs != inputs ? CODE(LENGTH) | CODE(OVERLAP) : 0;
        break;
    case 3:
        arguments->input = scratch;
        *wrong |= CODE(OVERLAP);
        break;
    case 4:
        arguments->result = wrong_pointer(arguments->result, wrong);
        break;
    case 5:
        arguments->result = inside(arguments->network);
        *wrong |= CODE(OVERLAP) | CODE(MISALIGNED);
        break;
    default:
        break;
    }
}

/* Makes an argument wrong that only a loss has, or none. */
static void spoil_loss(arguments *arguments, int has_target, codes *wrong) {
    if (*wrong)
        return;
    switch (below(12)) {
    case 0:
        if (has_target)
            arguments->target = wrong_pointer(target, wrong);
        break;
    case 1:
        if (has_target) {
            arguments->targets = once_in(2) ? outputs + 1 : any();
            *wrong |= arguments->targets != outputs ? CODE(LENGTH) | CODE(OVERLAP) : 0;
        }
        break;
    case 2:
        if (!has_target) {
            arguments->label = (uint32_t)outputs + below(0xffffffff - WIDEST);
            *wrong |= CODE(CLASS);
        }
        break;
    case 3:
        arguments->gradient = (float *)((unsigned char *)gradient + 1);
        *wrong |= CODE(MISALIGNED);
        break;
    case 4:
        arguments->gradient = inside(arguments->network);
        *wrong |= CODE(OVERLAP) | CODE(MISALIGNED);
        break;
    case 5:
        if (has_target) {
            arguments->target = once_in(2) ? scratch : gradient;
            *wrong |= CODE(OVERLAP);
        }
        break;
    case 6:
        arguments->result = gradient + below((uint32_t)parameters);
        *wrong |= CODE(OVERLAP);
        break;
    default:
        break;
    }
}

static void call_loss(const rb_mlp *network, arguments *arguments, codes wrong) {
    float loss = usual(), known = loss, alone = loss;
    float weight = once_in(100) ? hostile() : (float)below(1000) / 999.0f;
    static float known_gradient[LONGEST];
    int has_target = once_in(2);
    memcpy(known_gradient, gradient, parameters * sizeof *gradient);
    arguments->result = &loss;
    if (!(isfinite(weight) && weight >= 0.0f))
        wrong |= CODE(SETTING);
    spoil(arguments, &wrong);
    spoil_loss(arguments, has_target, &wrong);
    rb_error error =
        has_target
            ? ANSWER(rb_mlp_squared_error(arguments->network, arguments->input, arguments->inputs,
                                          arguments->target, arguments->targets, weight,
                                          arguments->gradient, arguments->result),
                     wrong, CODE(NONE))
            : ANSWER(rb_mlp_cross_entropy(arguments->network, arguments->input, arguments->inputs,
                                          arguments->label, weight, arguments->gradient,
                                          arguments->result),
                     wrong, CODE(NONE));
    if (error) {
        EXPECT(memcmp(&loss, &known, sizeof loss) == 0);
        EXPECT(memcmp(gradient, known_gradient, parameters * sizeof *gradient) == 0);
        return;
    }
    /* With or without a gradient, the loss has the same bits. */
    error = has_target
                ? ANSWER(rb_mlp_squared_error(network, input, inputs, target, outputs, weight, NULL,
                                              &alone),
                         0, CODE(NONE))
                : ANSWER(rb_mlp_cross_entropy(network, input, inputs, arguments->label, weight,
                                              NULL, &alone),
                         0, CODE(NONE));
    EXPECT(memcmp(&loss, &alone, sizeof loss) == 0);
    fill(gradient, parameters, 300);
}

static void call_features(arguments *arguments, codes wrong) {
    guarded features_memory;
    float *features = new_floats(&features_memory, outputs);
    arguments->result = features;
    spoil(arguments, &wrong);
    const float *sums = scratch + scratch_length - outputs;
    if (!ANSWER(rb_mlp_features(arguments->network, arguments->input, arguments->inputs,
                                arguments->result),
                wrong, CODE(NONE)))
        for (size_t i = 0; i < outputs; i++)
            EXPECT(isnan(sums[i]) || features[i] == (sums[i] > 0.0f ? sums[i] : 0.0f));
    guarded_free(&features_memory);
}

static int in_input(const void *address) {
    const unsigned char *at = address, *from = (const unsigned char *)input;
    return at >= from && at < from + inputs * sizeof *input;
}

static void call_check(arguments *arguments, codes wrong) {
    rb_error_detail detail;
    const float *described_scratch = arguments->network->scratch;
    arguments->result = &detail;
    spoil(arguments, &wrong);
    /* It sees no input, and so nothing that overlaps one. */
    if (arguments->input != input || in_input(arguments->result) || in_input(described_scratch))
        return;
    if (arguments->inputs != inputs)
        wrong = CODE(LENGTH);
    /* What is described of huge widths may reach to the detail. */
    if (wrong & CODE(NETWORK))
        wrong |= CODE(OVERLAP);
    rb_error error =
        ANSWER(rb_mlp_check(arguments->network, arguments->inputs, arguments->result), wrong,
               CODE(NONE));
    EXPECT(arguments->result != &detail || error == RB_ERROR_OVERLAP || error == detail.error);
}

static void call_output(arguments *arguments, codes wrong) {
    const float *output = NULL;
    uint32_t label = 77;
    if (once_in(4)) {
        call_features(arguments, wrong);
        return;
    }
    if (once_in(4)) {
        call_check(arguments, wrong);
        return;
    }
    if (once_in(2)) {
        arguments->result = &output;
        spoil(arguments, &wrong);
        rb_error error = ANSWER(rb_mlp_predict(arguments->network, arguments->input,
                                               arguments->inputs, arguments->result),
                                wrong, CODE(NONE));
        EXPECT(error ? output == NULL : output + outputs == scratch + scratch_length);
        return;
    }
    arguments->result = &label;
    spoil(arguments, &wrong);
    rb_error error = ANSWER(rb_mlp_classify(arguments->network, arguments->input,
                                            arguments->inputs, arguments->result),
                            wrong, CODE(NONE) | CODE(NON_FINITE_OUTPUT));
    EXPECT(error ? label == 77 : label < outputs);
}

static void call_dequantize(void) {
    guarded values_memory, output_memory;
    size_t length = below(20);
    codes wrong = 0;
    uint8_t *bytes = guarded_new(&values_memory, length), *values = bytes;
    float *floats = guarded_new(&output_memory, length * sizeof *floats), *output = floats;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)below(256);
    fill(floats, length, 300);
    size_t given = length;
    switch (below(8)) {
    case 0:
        values = NULL;
        wrong |= CODE(NULL);
        break;
    case 1:
        output = wrong_pointer(output, &wrong);
        break;
    case 2:
        if (length > 0) {
            values = (uint8_t *)floats + below(4 * (uint32_t)length);
            wrong |= CODE(OVERLAP);
        }
        break;
    case 3:
        given = (size_t)-1 / (once_in(2) ? 1 : 8);
        wrong |= CODE(LENGTH) | CODE(OVERLAP);
        break;
    default:
        break;
    }
    if (once_in(2))
        ANSWER(rb_dequantize(values, given, hostile(), hostile(), output), wrong, CODE(NONE));
    else
        ANSWER(rb_dequantize_int8((const int8_t *)values, given, hostile(), (int8_t)below(256),
                                  output),
               wrong, CODE(NONE));
    guarded_free(&values_memory);
    guarded_free(&output_memory);
}

static void call_lengths(void) {
    rb_mlp network = {widths, count, NULL, 0, NULL, 0};
    EXPECT(rb_mlp_parameters(&network) == parameters);
    EXPECT(rb_mlp_scratch(&network) == scratch_length);
    network.widths = no_width;
    network.count = 3;
    EXPECT(rb_mlp_parameters(&network) == 0 && rb_mlp_scratch(&network) == 0);
    network.widths = NULL;
    EXPECT(rb_mlp_parameters(&network) == 0 && rb_mlp_scratch(NULL) == 0);
    calls += 6;
}

void networks_call(void) {
    static float known[LONGEST];
    codes wrong = 0;
    if (once_in(30)) {
        networks_end();
        networks_start();
    }
    if (once_in(10)) {
        call_dequantize();
        return;
    }
    if (once_in(10)) {
        call_lengths();
        return;
    }
    rb_mlp network = {widths, count, theta, parameters, scratch, scratch_length};
    memcpy(known, theta, parameters * sizeof *theta);
    spoil_network(&network, &wrong);
    arguments arguments = {&network, input, target, inputs, outputs, below((uint32_t)outputs),
                           gradient, NULL};
    if (once_in(2))
        call_loss(&network, &arguments, wrong);
    else
        call_output(&arguments, wrong);
    EXPECT(memcmp(known, theta, parameters * sizeof *theta) == 0);
}
