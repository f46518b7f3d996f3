/* Whatever is wrong with a call is an error code, and nothing is half-written. */

#include "rolling_ball.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static int failures;

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("line %d: expected %s\n", __LINE__, #condition);                                \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

enum { N = 4 };

static float theta[N + 1], workspace[3 * N + 1];

/* An address one byte further: misaligned for anything but bytes. */
static void *off_by_one(void *pointer) {
    return (char *)pointer + 1;
}

static void before_init_every_function_refuses(void) {
    static rb_optimizer zero;
    rb_optimizer garbage;
    rb_request request = RB_REQUEST_LOSS;
    rb_step_report report;
    rb_error_detail detail;
    uint32_t steps;
    const float *centre;
    memset(&garbage, 0xa5, sizeof garbage);
    rb_optimizer *optimizers[] = {&zero, &garbage};
    for (int i = 0; i < 2; i++) {
        rb_optimizer *optimizer = optimizers[i];
        EXPECT(rb_begin(optimizer, &request) == RB_ERROR_NOT_INITIALISED);
        EXPECT(rb_tell_loss(optimizer, 1.0f, &request) == RB_ERROR_NOT_INITIALISED);
        EXPECT(rb_tell_gradient(optimizer, 1.0f, &request) == RB_ERROR_NOT_INITIALISED);
        EXPECT(rb_gradient(optimizer) == NULL);
        EXPECT(rb_abandon(optimizer) == RB_ERROR_NOT_INITIALISED);
        EXPECT(rb_steps(optimizer, &steps) == RB_ERROR_NOT_INITIALISED);
        EXPECT(rb_report(optimizer, &report) == RB_ERROR_NOT_INITIALISED);
        EXPECT(rb_last_error(optimizer, &detail) == RB_ERROR_NOT_INITIALISED);
        EXPECT(rb_ball_set_radius(optimizer, rb_constant(1.0f)) == RB_ERROR_NOT_INITIALISED);
        EXPECT(rb_ball_centre(optimizer, &centre) == RB_ERROR_NOT_INITIALISED);
    }
    EXPECT(request == RB_REQUEST_LOSS);
}

static void after_an_init_that_fails_nothing_is_initialised(void) {
    static rb_optimizer optimizer;
    rb_ball_config ball = rb_ball_default();
    rb_sgd_config sgd = rb_sgd_default();
    rb_adam_config adam = rb_adam_default();
    rb_sam_config sam = rb_sam_default();
    rb_request request;
    rb_step_report report;
    rb_error_detail detail;
    for (int kind = 0; kind < 4; kind++) {
        for (int wrong = 0; wrong <= 4; wrong++) {
            static const rb_error errors[] = {RB_ERROR_NONE, RB_ERROR_NULL, RB_ERROR_NULL,
                                              RB_ERROR_OVERLAP, RB_ERROR_LENGTH};
            static const size_t vectors[] = {RB_BALL_VECTORS, RB_SGD_VECTORS, RB_ADAM_VECTORS,
                                             RB_SAM_VECTORS};
            float *own = wrong == 1 ? NULL : theta, *work = wrong == 3 ? theta : workspace;
            size_t length = vectors[kind] * N - (wrong == 4);
            int none = wrong == 2;
            rb_error error =
                kind == 0 ? rb_ball_init(&optimizer, none ? NULL : &ball, own, N, work, length)
                : kind == 1 ? rb_sgd_init(&optimizer, none ? NULL : &sgd, own, N, work, length)
                : kind == 2 ? rb_adam_init(&optimizer, none ? NULL : &adam, own, N, work, length)
                            : rb_sam_init(&optimizer, none ? NULL : &sam, own, N, work, length);
            EXPECT(error == errors[wrong]);
            if (!wrong)
                continue;
            EXPECT(rb_begin(&optimizer, &request) == RB_ERROR_NOT_INITIALISED);
            EXPECT(rb_report(&optimizer, &report) == RB_ERROR_NOT_INITIALISED);
            EXPECT(rb_gradient(&optimizer) == NULL);
            EXPECT(rb_last_error(&optimizer, &detail) == RB_ERROR_NONE && detail.error == error);
        }
    }
}

static void pointers_are_checked(void) {
    static rb_optimizer ball;
    rb_ball_config config = rb_ball_default();
    rb_request request;
    rb_ball_config configs[2];
    EXPECT(rb_ball_init(NULL, &config, theta, N, workspace, 2 * N) == RB_ERROR_NULL);
    EXPECT(rb_ball_init(&ball, NULL, theta, N, workspace, 2 * N) == RB_ERROR_NULL);
    EXPECT(rb_ball_init(&ball, &config, NULL, N, workspace, 2 * N) == RB_ERROR_NULL);
    EXPECT(rb_ball_init(&ball, &config, theta, N, NULL, 2 * N) == RB_ERROR_NULL);
    EXPECT(rb_ball_init((rb_optimizer *)off_by_one(&ball), &config, theta, N, workspace, 2 * N) ==
           RB_ERROR_MISALIGNED);
    EXPECT(rb_ball_init(&ball, (rb_ball_config *)off_by_one(configs), theta, N, workspace, 2 * N) ==
           RB_ERROR_MISALIGNED);
    EXPECT(rb_ball_init(&ball, &config, (float *)off_by_one(theta), N, workspace, 2 * N) ==
           RB_ERROR_MISALIGNED);
    EXPECT(rb_ball_init(&ball, &config, theta, N, (float *)off_by_one(workspace), 2 * N) ==
           RB_ERROR_MISALIGNED);
    EXPECT(rb_ball_init(&ball, &config, workspace + N, N, workspace, 2 * N) == RB_ERROR_OVERLAP);
    EXPECT(rb_ball_init(&ball, &config, theta, (size_t)-1, workspace, 2 * N) == RB_ERROR_LENGTH);
    EXPECT(rb_begin(&ball, &request) == RB_ERROR_NOT_INITIALISED);

    EXPECT(rb_ball_init(&ball, &config, theta, N, workspace, 2 * N) == RB_ERROR_NONE);
    EXPECT(rb_begin(NULL, &request) == RB_ERROR_NULL);
    EXPECT(rb_begin(&ball, NULL) == RB_ERROR_NULL);
    EXPECT(rb_begin((rb_optimizer *)off_by_one(&ball), &request) == RB_ERROR_MISALIGNED);
    EXPECT(rb_report(&ball, NULL) == RB_ERROR_NULL);
    EXPECT(rb_last_error(&ball, NULL) == RB_ERROR_NULL);
    EXPECT(rb_steps(&ball, NULL) == RB_ERROR_NULL);
    EXPECT(rb_ball_centre(&ball, NULL) == RB_ERROR_NULL);
    EXPECT(rb_gradient(NULL) == NULL);
    EXPECT(rb_gradient(&ball) == workspace);
}

static void lengths_and_settings_are_told_in_detail(void) {
    static rb_optimizer optimizer;
    rb_error_detail detail;
    rb_request request;
    rb_ball_config ball = rb_ball_default();
    EXPECT(rb_ball_init(&optimizer, &ball, theta, N, workspace, N) == RB_ERROR_LENGTH);
    EXPECT(rb_last_error(&optimizer, &detail) == RB_ERROR_NONE);
    EXPECT(detail.error == RB_ERROR_LENGTH);
    EXPECT(detail.expected_length == 2 * N && detail.actual_length == N);
    EXPECT(strncmp(detail.what.start, "workspace", detail.what.length) == 0);
    EXPECT(rb_begin(&optimizer, &request) == RB_ERROR_NOT_INITIALISED);

    ball.loss_scale = -1.0f;
    EXPECT(rb_ball_init(&optimizer, &ball, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);
    EXPECT(rb_last_error(&optimizer, &detail) == RB_ERROR_NONE);
    EXPECT(strncmp(detail.what.start, "loss scale", detail.what.length) == 0);
    EXPECT(detail.value == -1.0f && detail.expected.length > 0);

    ball = rb_ball_default();
    ball.footpoint = 3;
    EXPECT(rb_ball_init(&optimizer, &ball, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);
    ball = rb_ball_default();
    ball.centre_step = 77;
    EXPECT(rb_ball_init(&optimizer, &ball, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);
    ball = rb_ball_default();
    ball.radius.kind = 4;
    EXPECT(rb_ball_init(&optimizer, &ball, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);

    rb_sgd_config sgd = rb_sgd_default();
    EXPECT(rb_sgd_init(&optimizer, &sgd, theta, N, workspace, 2 * N) == RB_ERROR_LENGTH);
    sgd.momentum = 0.9f;
    EXPECT(rb_sgd_init(&optimizer, &sgd, theta, N, workspace, N) == RB_ERROR_LENGTH);
    sgd.momentum = NAN;
    EXPECT(rb_sgd_init(&optimizer, &sgd, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);
    sgd.momentum = 0.9f;
    sgd.line_search = 1;
    EXPECT(rb_sgd_init(&optimizer, &sgd, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);
    rb_adam_config adam = rb_adam_default();
    adam.roll_back = 2;
    EXPECT(rb_adam_init(&optimizer, &adam, theta, N, workspace, 3 * N) == RB_ERROR_SETTING);
    adam = rb_adam_default();
    adam.beta1 = 1.0f;
    EXPECT(rb_adam_init(&optimizer, &adam, theta, N, workspace, 3 * N) == RB_ERROR_SETTING);
    rb_sam_config sam = rb_sam_default();
    sam.radius = rb_constant(NAN);
    EXPECT(rb_sam_init(&optimizer, &sam, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);
}

static void answers_out_of_turn_change_nothing(void) {
    static rb_optimizer ball;
    rb_ball_config config = rb_ball_default();
    rb_request request;
    rb_error_detail detail;
    const float *centre;
    uint32_t steps;
    for (int i = 0; i < N; i++)
        theta[i] = 1.0f;
    EXPECT(rb_ball_init(&ball, &config, theta, N, workspace, 2 * N) == RB_ERROR_NONE);
    EXPECT(rb_tell_loss(&ball, 1.0f, &request) == RB_ERROR_UNEXPECTED_ANSWER);
    EXPECT(rb_begin(&ball, &request) == RB_ERROR_NONE && request == RB_REQUEST_GRADIENT);
    EXPECT(rb_begin(&ball, &request) == RB_ERROR_UNEXPECTED_ANSWER);
    EXPECT(rb_tell_loss(&ball, 1.0f, &request) == RB_ERROR_UNEXPECTED_ANSWER);
    EXPECT(request == RB_REQUEST_GRADIENT);
    EXPECT(rb_last_error(&ball, &detail) == RB_ERROR_NONE && detail.expected.length > 0);
    EXPECT(rb_ball_centre(&ball, &centre) == RB_ERROR_UNEXPECTED_ANSWER);
    EXPECT(theta[0] == 1.0f);

    for (int i = 0; i < N; i++)
        rb_gradient(&ball)[i] = theta[i];
    EXPECT(rb_tell_gradient(&ball, 2.0f, &request) == RB_ERROR_NONE);
    EXPECT(request == RB_REQUEST_LOSS && theta[0] != 1.0f);
    EXPECT(rb_tell_loss(&ball, NAN, &request) == RB_ERROR_NON_FINITE_LOSS);
    EXPECT(theta[0] == 1.0f);
    EXPECT(rb_begin(&ball, &request) == RB_ERROR_NONE);
    EXPECT(rb_abandon(&ball) == RB_ERROR_NONE);
    EXPECT(rb_steps(&ball, &steps) == RB_ERROR_NONE && steps == 0);
    uint32_t refused = 0;
    EXPECT(rb_refused(&ball, &refused) == RB_ERROR_NONE && refused > 0);
    EXPECT(rb_halve_when_refused(&ball, 2) == RB_ERROR_SETTING);
    EXPECT(rb_halve_when_refused(&ball, 1) == RB_ERROR_NONE);
    EXPECT(rb_ball_centre(&ball, &centre) == RB_ERROR_NONE && centre[0] == 1.0f);
}

/* A step at |theta|^2 / 2. */
static void make_a_step(rb_optimizer *optimizer, float *at) {
    rb_request request;
    EXPECT(rb_begin(optimizer, &request) == RB_ERROR_NONE);
    while (request != RB_REQUEST_DONE) {
        float loss = 0.0f, *gradient = rb_gradient(optimizer);
        for (int i = 0; i < N; i++) {
            loss += at[i] * at[i] / 2.0f;
            if (request == RB_REQUEST_GRADIENT)
                gradient[i] = at[i];
        }
        rb_error error = request == RB_REQUEST_GRADIENT
                             ? rb_tell_gradient(optimizer, loss, &request)
                             : rb_tell_loss(optimizer, loss, &request);
        EXPECT(error == RB_ERROR_NONE);
        if (error)
            return;
    }
}

static void a_copy_is_refused_until_it_is_bound_to_its_buffers(void) {
    static float elsewhere[N], work[2 * N];
    rb_ball_config config = rb_ball_fine_tuning(10);
    rb_optimizer first = {{0}}, copy;
    rb_request request = RB_REQUEST_LOSS;
    rb_error_detail detail;
    rb_step_report report;
    uint32_t steps;
    for (int i = 0; i < N; i++)
        theta[i] = 1.0f;
    EXPECT(rb_ball_init(&first, &config, theta, N, workspace, 2 * N) == RB_ERROR_NONE);
    make_a_step(&first, theta);
    copy = first;
    memcpy(elsewhere, theta, sizeof elsewhere);
    memcpy(work, workspace, sizeof work);
    make_a_step(&first, theta);
    float once = elsewhere[0];
    EXPECT(rb_begin(&copy, &request) == RB_ERROR_MOVED && request == RB_REQUEST_LOSS);
    EXPECT(rb_gradient(&copy) == NULL);
    EXPECT(rb_steps(&copy, &steps) == RB_ERROR_MOVED && rb_abandon(&copy) == RB_ERROR_MOVED);
    EXPECT(rb_report(&copy, &report) == RB_ERROR_MOVED);
    EXPECT(rb_ball_set_radius(&copy, rb_constant(1.0f)) == RB_ERROR_MOVED);
    EXPECT(rb_ball_clip_norm(&copy, 1.0f) == RB_ERROR_MOVED);
    EXPECT(rb_last_error(&copy, &detail) == RB_ERROR_NONE && detail.error == RB_ERROR_MOVED);
    EXPECT(rb_rebind(&copy, elsewhere, N, work, N) == RB_ERROR_LENGTH);
    EXPECT(rb_last_error(&copy, &detail) == RB_ERROR_NONE && detail.expected_length == 2 * N);
    EXPECT(rb_rebind(&copy, elsewhere, N, elsewhere, 2 * N) == RB_ERROR_OVERLAP);
    EXPECT(rb_begin(&copy, &request) == RB_ERROR_MOVED && elsewhere[0] == once);
    EXPECT(rb_rebind(&copy, elsewhere, N, work, 2 * N) == RB_ERROR_NONE);
    EXPECT(rb_gradient(&copy) == work);
    make_a_step(&copy, elsewhere);
    EXPECT(memcmp(elsewhere, theta, sizeof elsewhere) == 0 && elsewhere[0] != once);
    EXPECT(rb_steps(&copy, &steps) == RB_ERROR_NONE && steps == 2);
    memset(&copy, 0xa5, sizeof copy);
    EXPECT(rb_rebind(&copy, elsewhere, N, work, 2 * N) == RB_ERROR_NOT_INITIALISED);
}

static void an_object_of_another_header_is_refused_and_not_written(void) {
    static rb_optimizer optimizer, known;
    rb_ball_config config = rb_ball_default();
    size_t size = sizeof optimizer;
    memset(&known, 0x5a, sizeof known);
    optimizer = known;
    EXPECT(rb_version() == RB_VERSION);
    EXPECT(rb_ball_init_sized(&optimizer, size / 2, RB_VERSION, &config, theta, N, workspace,
                              2 * N) == RB_ERROR_HEADER);
    EXPECT(rb_ball_init_sized(&optimizer, size, RB_VERSION + 1, &config, theta, N, workspace,
                              2 * N) == RB_ERROR_HEADER);
    EXPECT(memcmp(&optimizer, &known, sizeof known) == 0);
}

static int32_t no_read(void *context, uint32_t offset, uint8_t *bytes, size_t length) {
    (void)context, (void)offset, (void)bytes, (void)length;
    return -1;
}

static int32_t no_write(void *context, uint32_t offset, const uint8_t *bytes, size_t length) {
    (void)context, (void)offset, (void)bytes, (void)length;
    return -1;
}

static int32_t no_erase(void *context, uint32_t from, uint32_t to) {
    (void)context, (void)from, (void)to;
    return -1;
}

static void what_is_read_is_apart_from_what_is_written(void) {
    static rb_optimizer ball;
    static union {
        rb_flash flash;
        float theta[N];
    } both;
    const rb_flash flash = {NULL, no_read, no_write, no_erase, 1, 1, 256, 0, 1024};
    rb_ball_config config = rb_ball_default();
    memcpy(ball.opaque, &config, sizeof config);
    EXPECT(rb_ball_init(&ball, (rb_ball_config *)(void *)ball.opaque, theta, N, workspace,
                        2 * N) == RB_ERROR_OVERLAP);
    EXPECT(rb_ball_init(&ball, &config, both.theta, N, workspace, 2 * N) == RB_ERROR_NONE);
    both.flash = flash;
    EXPECT(rb_save(&both.flash, &ball) == RB_ERROR_OVERLAP);
    EXPECT(rb_resume(&both.flash, &ball) == RB_ERROR_OVERLAP);
    EXPECT(rb_resume_theta(&both.flash, both.theta, N) == RB_ERROR_OVERLAP);
    EXPECT(rb_resume(&flash, &ball) == RB_ERROR_FLASH);
}

static void details_are_those_of_the_last_call(void) {
    static rb_optimizer ball;
    rb_ball_config config = rb_ball_default();
    rb_request request;
    rb_error_detail detail;
    EXPECT(rb_ball_init(&ball, &config, theta, N, workspace, 2 * N) == RB_ERROR_NONE);
    EXPECT(rb_ball_set_radius(&ball, rb_constant(-1.0f)) == RB_ERROR_SETTING);
    EXPECT(rb_begin(&ball, NULL) == RB_ERROR_NULL);
    EXPECT(rb_last_error(&ball, &detail) == RB_ERROR_NONE);
    EXPECT(detail.error == RB_ERROR_NULL && detail.what.length == 0 && detail.value == 0.0f);
    EXPECT(rb_begin(&ball, &request) == RB_ERROR_NONE);
    EXPECT(rb_last_error(&ball, &detail) == RB_ERROR_NONE && detail.error == RB_ERROR_NONE);
}

static void a_ball_of_the_preset_form_refuses_other_forms(void) {
    static rb_optimizer ball;
    const float *centre;
    rb_ball_config config = rb_ball_default();
    config.footpoint = RB_FOOTPOINT_GAUSS_NEWTON;
    EXPECT(rb_contact_ball_init(&ball, &config, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);
    config = rb_ball_default();
    config.iterations = 1;
    EXPECT(rb_contact_ball_init(&ball, &config, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);
    config = rb_ball_default();
    config.centre_step = RB_CENTRE_STEP_ARMIJO;
    EXPECT(rb_contact_ball_init(&ball, &config, theta, N, workspace, 2 * N) == RB_ERROR_SETTING);
    config = rb_ball_default();
    EXPECT(rb_contact_ball_init(&ball, &config, theta, N, workspace, 2 * N) == RB_ERROR_NONE);
    EXPECT(rb_ball_set_radius(&ball, rb_constant(0.5f)) == RB_ERROR_NONE);
    EXPECT(rb_ball_set_learning_rate(&ball, rb_constant(-0.5f)) == RB_ERROR_SETTING);
    EXPECT(rb_ball_centre(&ball, &centre) == RB_ERROR_NONE);
    EXPECT(rb_ball_clip_norm(&ball, 1.0f) == RB_ERROR_KIND);
    EXPECT(rb_contact_ball_clip_norm(&ball, 1.0f) == RB_ERROR_NONE);
}

static void functions_of_the_ball_refuse_other_kinds(void) {
    static rb_optimizer optimizer;
    rb_sgd_config config = rb_sgd_default();
    const float *centre;
    EXPECT(rb_sgd_init(&optimizer, &config, theta, N, workspace, N) == RB_ERROR_NONE);
    EXPECT(rb_ball_set_radius(&optimizer, rb_constant(1.0f)) == RB_ERROR_KIND);
    EXPECT(rb_ball_set_learning_rate(&optimizer, rb_constant(1.0f)) == RB_ERROR_KIND);
    EXPECT(rb_ball_centre(&optimizer, &centre) == RB_ERROR_KIND);
}

static void networks_are_checked(void) {
    enum { PARAMETERS = RB_DENSE_PARAMETERS(2, 3) + RB_DENSE_PARAMETERS(3, 2), SCRATCH = 8 };
    static float parameters[PARAMETERS], gradient[PARAMETERS], scratch[SCRATCH];
    static const uint32_t widths[] = {2, 3, 2}, zero[] = {2, 0, 2},
                          huge[] = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    static float input[] = {1.0f, 2.0f};
    const rb_mlp good = {widths, 3, parameters, PARAMETERS, scratch, SCRATCH};
    float loss = 5.0f;
    uint32_t label = 9;
    const float *output;
    EXPECT(rb_mlp_parameters(&good) == PARAMETERS && rb_mlp_scratch(&good) == SCRATCH);
    EXPECT(rb_mlp_parameters(NULL) == 0 && rb_mlp_scratch(NULL) == 0);

    const struct {
        rb_mlp network;
        rb_error error;
    } wrong[] = {
        {{NULL, 3, parameters, PARAMETERS, scratch, SCRATCH}, RB_ERROR_NULL},
        {{widths, 3, NULL, PARAMETERS, scratch, SCRATCH}, RB_ERROR_NULL},
        {{widths, 3, parameters, PARAMETERS, NULL, SCRATCH}, RB_ERROR_NULL},
        {{widths, 1, parameters, PARAMETERS, scratch, SCRATCH}, RB_ERROR_NETWORK},
        {{widths, 0, parameters, PARAMETERS, scratch, SCRATCH}, RB_ERROR_NETWORK},
        {{zero, 3, parameters, PARAMETERS, scratch, SCRATCH}, RB_ERROR_NETWORK},
        {{huge, 4, parameters, PARAMETERS, scratch, SCRATCH}, RB_ERROR_NETWORK},
        {{widths, 3, parameters, PARAMETERS - 1, scratch, SCRATCH}, RB_ERROR_LENGTH},
        {{widths, 3, parameters, PARAMETERS, scratch, SCRATCH - 1}, RB_ERROR_LENGTH},
        {{widths, 3, parameters, PARAMETERS, parameters + 1, SCRATCH}, RB_ERROR_OVERLAP},
        {{widths, 3, parameters, PARAMETERS, (float *)off_by_one(scratch), SCRATCH},
         RB_ERROR_MISALIGNED},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const rb_mlp *network = &wrong[i].network;
        rb_error error = wrong[i].error;
        EXPECT(rb_mlp_classify(network, input, 2, &label) == error);
        EXPECT(rb_mlp_predict(network, input, 2, &output) == error);
        EXPECT(rb_mlp_cross_entropy(network, input, 2, 0, 1.0f, gradient, &loss) == error);
        EXPECT(rb_mlp_squared_error(network, input, 2, input, 2, 1.0f, NULL, &loss) == error);
    }
    EXPECT(rb_mlp_classify(&good, input, 1, &label) == RB_ERROR_LENGTH);
    EXPECT(rb_mlp_classify(&good, scratch, 2, &label) == RB_ERROR_OVERLAP);
    EXPECT(rb_mlp_classify(&good, input, 2, NULL) == RB_ERROR_NULL);
    EXPECT(rb_mlp_cross_entropy(&good, input, 2, 2, 1.0f, gradient, &loss) == RB_ERROR_CLASS);
    EXPECT(rb_mlp_cross_entropy(&good, input, 2, 0, 1.0f, parameters, &loss) == RB_ERROR_OVERLAP);
    EXPECT(rb_mlp_cross_entropy(&good, input, 2, 0, 1.0f, gradient, NULL) == RB_ERROR_NULL);
    EXPECT(rb_mlp_squared_error(&good, input, 2, input, 1, 1.0f, gradient, &loss) ==
           RB_ERROR_LENGTH);
    EXPECT(rb_mlp_squared_error(&good, input, 2, scratch, 2, 1.0f, gradient, &loss) ==
           RB_ERROR_OVERLAP);
    EXPECT(rb_mlp_squared_error(&good, input, 2, gradient, 2, 1.0f, gradient, &loss) ==
           RB_ERROR_OVERLAP);
    EXPECT(rb_mlp_cross_entropy(&good, input, 2, 0, -1.0f, gradient, &loss) == RB_ERROR_SETTING);
    EXPECT(rb_mlp_cross_entropy(&good, input, 2, 0, NAN, gradient, &loss) == RB_ERROR_SETTING);
    EXPECT(rb_mlp_squared_error(&good, input, 2, input, 2, -1.0f, gradient, &loss) ==
           RB_ERROR_SETTING);
    EXPECT(loss == 5.0f && label == 9);
    for (int i = 0; i < PARAMETERS; i++) {
        EXPECT(gradient[i] == 0.0f);
        parameters[i] = NAN;
    }
    EXPECT(rb_mlp_classify(&good, input, 2, &label) == RB_ERROR_NON_FINITE_OUTPUT);
    EXPECT(rb_dequantize(NULL, 1, 1.0f, 0.0f, input) == RB_ERROR_NULL);
    EXPECT(rb_dequantize((const uint8_t *)input, 2, 1.0f, 0.0f, input) == RB_ERROR_OVERLAP);
    EXPECT(input[0] == 1.0f && input[1] == 2.0f);
}

/* What a network of 2-3-2 gives, its front of 2-3 and its tail of 3-2 give too. */
static void a_front_has_the_rectifier_that_its_tail_sees(void) {
    enum { FRONT = RB_DENSE_PARAMETERS(2, 3), WHOLE = FRONT + RB_DENSE_PARAMETERS(3, 2) };
    static const uint32_t widths[] = {2, 3, 2};
    static const float parameters[WHOLE] = {1.0f, -1.0f, 0.5f, 0.5f,  -1.0f, -0.5f,
                                            0.1f, 0.2f,  0.3f, 1.0f,  2.0f,  -1.0f,
                                            -2.0f, 0.5f, 3.0f, 0.7f,  -0.7f};
    static const float input[] = {0.25f, 0.75f};
    static const int8_t bytes[] = {-128, 0, 127};
    float scratch[8], own[3], features[3], floats[3];
    const rb_mlp whole = {widths, 3, parameters, WHOLE, scratch, 8};
    const rb_mlp front = {widths, 2, parameters, FRONT, own, 3};
    /* A scratch may be longer than it must be, such as one for the whole. */
    const rb_mlp tail = {widths + 1, 2, parameters + FRONT, WHOLE - FRONT, own, 3};
    const float *expected, *output;
    EXPECT(rb_mlp_predict(&whole, input, 2, &expected) == RB_ERROR_NONE);
    EXPECT(rb_mlp_features(&front, input, 2, features) == RB_ERROR_NONE);
    EXPECT(features[0] == 0.0f && features[1] > 0.0f);
    EXPECT(rb_mlp_predict(&tail, features, 3, &output) == RB_ERROR_NONE);
    EXPECT(memcmp(expected, output, 2 * sizeof *output) == 0);
    EXPECT(rb_mlp_features(&front, input, 2, own) == RB_ERROR_OVERLAP);
    EXPECT(rb_mlp_features(&front, input, 2, NULL) == RB_ERROR_NULL);
    EXPECT(rb_mlp_features(&front, input, 3, features) == RB_ERROR_LENGTH);
    EXPECT(rb_dequantize_int8(bytes, 3, 0.5f, -128, floats) == RB_ERROR_NONE);
    EXPECT(floats[0] == 0.0f && floats[1] == 64.0f && floats[2] == 127.5f);
    EXPECT(rb_dequantize_int8(bytes, 3, 0.5f, -128, NULL) == RB_ERROR_NULL);
}

static int is_called(rb_error_detail detail, const char *name) {
    return detail.what.length == strlen(name) && !memcmp(detail.what.start, name, strlen(name));
}

static void a_wrong_length_is_told_by_its_name(void) {
    static const uint32_t widths[] = {2, 3};
    static float parameters[9], scratch[3];
    rb_mlp network = {widths, 2, parameters, 8, scratch, 3};
    rb_error_detail detail;
    EXPECT(rb_mlp_check(&network, 2, &detail) == RB_ERROR_LENGTH && is_called(detail, "theta"));
    EXPECT(detail.expected_length == 9 && detail.actual_length == 8);
    network.parameters = 9;
    network.scratch_length = 2;
    EXPECT(rb_mlp_check(&network, 2, &detail) == RB_ERROR_LENGTH && is_called(detail, "scratch"));
    network.scratch_length = 3;
    EXPECT(rb_mlp_check(&network, 4, &detail) == RB_ERROR_LENGTH && is_called(detail, "input"));
    EXPECT(detail.expected_length == 2 && detail.actual_length == 4);
    EXPECT(rb_mlp_check(&network, 2, &detail) == RB_ERROR_NONE && detail.error == RB_ERROR_NONE);
    EXPECT(rb_mlp_check(&network, 2, NULL) == RB_ERROR_NULL);
    network.theta = NULL;
    EXPECT(rb_mlp_check(&network, 2, &detail) == RB_ERROR_NULL && detail.error == RB_ERROR_NULL);
}

static int read_zeros(void *context, uint32_t offset, uint8_t *bytes, size_t length) {
    (void)context, (void)offset;
    memset(bytes, 0, length);
    return 0;
}

static int write_nothing(void *context, uint32_t offset, const uint8_t *bytes, size_t length) {
    (void)context, (void)offset, (void)bytes, (void)length;
    return 0;
}

static int erase_nothing(void *context, uint32_t from, uint32_t to) {
    (void)context, (void)from, (void)to;
    return 0;
}

static void a_device_of_a_fleet_refuses_what_is_wrong(void) {
    static rb_fleet fleet;
    rb_flash flash = {NULL, read_zeros, write_nothing, erase_nothing, 1, 4, 256, 0, 2048};
    rb_fleet_config config = {1, N, 0, 0, 0};
    rb_fleet_frame answer = {NULL, 7};
    rb_fleet_stage stage;
    rb_fleet_round round;
    rb_fleet_metrics metrics = {0};
    uint32_t hash;
    EXPECT(rb_fleet_hear(&fleet, &flash, theta, N, 0, &answer) == RB_ERROR_NOT_INITIALISED);
    EXPECT(rb_fleet_init(&fleet, &flash, NULL) == RB_ERROR_NULL);
    EXPECT(rb_fleet_init(&fleet, NULL, &config) == RB_ERROR_NULL);
    EXPECT(rb_fleet_init(off_by_one(&fleet), &flash, &config) == RB_ERROR_MISALIGNED);
    EXPECT(rb_fleet_init_sized(&fleet, 8, RB_VERSION, &flash, &config) == RB_ERROR_HEADER);
    flash.end = 512;
    EXPECT(rb_fleet_init(&fleet, &flash, &config) == RB_ERROR_ROOM);
    flash.end = 2047;
    EXPECT(rb_fleet_init(&fleet, &flash, &config) == RB_ERROR_SETTING);
    flash.end = 2048;
    flash.write_size = 256;
    EXPECT(rb_fleet_init(&fleet, &flash, &config) == RB_ERROR_SETTING);
    flash.write_size = 4;
    flash.erase = NULL;
    EXPECT(rb_fleet_init(&fleet, &flash, &config) == RB_ERROR_NULL);
    EXPECT(rb_fleet_look(&fleet, &stage, &round) == RB_ERROR_NOT_INITIALISED);
    flash.erase = erase_nothing;
    EXPECT(rb_fleet_init(&fleet, &flash, &config) == RB_ERROR_NONE);

    EXPECT(rb_fleet_look(&fleet, &stage, &round) == RB_ERROR_NONE);
    EXPECT(stage == RB_FLEET_STAGE_IDLE && round.round == 0);
    EXPECT(rb_fleet_look(&fleet, NULL, &round) == RB_ERROR_NULL);
    EXPECT(rb_fleet_look(&fleet, &stage, (rb_fleet_round *)(void *)&fleet) == RB_ERROR_OVERLAP);
    EXPECT(rb_fleet_hear(&fleet, &flash, NULL, N, 0, &answer) == RB_ERROR_NULL);
    EXPECT(rb_fleet_hear(&fleet, NULL, theta, N, 0, &answer) == RB_ERROR_NULL);
    EXPECT(rb_fleet_hear(&fleet, &flash, theta, N, 0, NULL) == RB_ERROR_NULL);
    EXPECT(answer.length == 7);
    EXPECT(rb_fleet_hear(&fleet, &flash, theta, N, 0, &answer) == RB_ERROR_NONE);
    EXPECT(answer.start == NULL && answer.length == 0);
    EXPECT(rb_fleet_start(&fleet, &flash, theta, N) == RB_ERROR_NO_ROUND);
    EXPECT(rb_fleet_trained(&fleet, &round, theta, N, &metrics) == RB_ERROR_NO_ROUND);
    EXPECT(rb_fleet_trained(&fleet, &round, theta, N, NULL) == RB_ERROR_NULL);
    EXPECT(rb_fleet_give_up(&fleet, NULL) == RB_ERROR_NULL);
    EXPECT(rb_fleet_set_samples(NULL, 3) == RB_ERROR_NULL);
    EXPECT(rb_fleet_forget(&fleet, NULL) == RB_ERROR_NULL);
    EXPECT(rb_fleet_forget(&fleet, &flash) == RB_ERROR_NONE);
    EXPECT(rb_fleet_model_hash(1, 1, N, NULL, 3, &hash) == RB_ERROR_NULL);
    EXPECT(rb_fleet_model_hash(1, 1, N, NULL, 0, &hash) == RB_ERROR_NONE);
}

static void every_code_has_a_text_of_its_own(void) {
    const char *unknown = rb_error_string(RB_ERROR_CODES);
    EXPECT(strcmp(unknown, rb_error_string(0xffffffff)) == 0);
    for (uint32_t a = 0; a < RB_ERROR_CODES; a++) {
        EXPECT(strcmp(rb_error_string(a), unknown) != 0);
        for (uint32_t b = 0; b < a; b++)
            EXPECT(strcmp(rb_error_string(a), rb_error_string(b)) != 0);
    }
}

int main(void) {
    before_init_every_function_refuses();
    after_an_init_that_fails_nothing_is_initialised();
    pointers_are_checked();
    lengths_and_settings_are_told_in_detail();
    answers_out_of_turn_change_nothing();
    a_copy_is_refused_until_it_is_bound_to_its_buffers();
    an_object_of_another_header_is_refused_and_not_written();
    what_is_read_is_apart_from_what_is_written();
    details_are_those_of_the_last_call();
    a_ball_of_the_preset_form_refuses_other_forms();
    functions_of_the_ball_refuse_other_kinds();
    a_front_has_the_rectifier_that_its_tail_sees();
    networks_are_checked();
    a_wrong_length_is_told_by_its_name();
    a_device_of_a_fleet_refuses_what_is_wrong();
    every_code_has_a_text_of_its_own();
    printf("%d failures\n", failures);
    return failures != 0;
}
