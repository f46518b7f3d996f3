#include "optimizers.h"
#include "checkpoints.h"
#include "numbers.h"
#include "objects.h"
#include <string.h>

enum { OBJECTS = 4 };

unsigned long long steps_done;
static object objects[OBJECTS];

void other_settings(object *object) {
    static uint32_t number;
    object->settings = ++number;
}

void remember_theta(object *object) {
    memcpy(object->known, object->theta, object->length * sizeof(float));
}

/* Any content but that of an object. */
static void start(object *object) {
    memset(object, 0, sizeof *object);
    object->it = guarded_new(&object->memory, sizeof *object->it);
    memset(object->it, once_in(2) ? 0 : (int)below(256), sizeof *object->it);
}

static void free_buffers(object *object) {
    guarded_free(&object->theta_memory);
    guarded_free(&object->workspace_memory);
}

static void end(object *object) {
    free_buffers(object);
    guarded_free(&object->memory);
}

rb_optimizer *address(const object *object, codes *wrong) {
    codes pointer = 0;
    rb_optimizer *it = perhaps_wrong(object->it, 40, &pointer);
    *wrong |= pointer;
    if (!pointer && object->state != INITIALISED)
        *wrong |= CODE(NOT_INITIALISED);
    if (!pointer && object->state == INITIALISED && object->moved)
        *wrong |= CODE(MOVED);
    return it;
}

void remember(object *object, const rb_optimizer *it, rb_error error) {
    if (it == object->it && object->state == INITIALISED)
        object->last = error;
}

void *output(const object *object, void *good, codes *wrong) {
    codes pointer = 0;
    void *place = perhaps_wrong(good, 40, &pointer);
    if (!pointer && once_in(40) && object->state != NEVER) {
        pointer = CODE(OVERLAP);
        place = object->it->opaque + below(RB_OPTIMIZER_WORDS);
        if (object->state == INITIALISED && object->length > 0 && once_in(2))
            place = object->workspace && once_in(2) ? object->workspace : object->theta;
    }
    *wrong |= pointer;
    return place;
}

static rb_error call_init(kind kind, rb_optimizer *it, const settings *config, float *theta,
                          size_t length, float *workspace, size_t workspace_length) {
    switch (kind) {
    case BALL:
        return rb_ball_init(it, (const rb_ball_config *)config, theta, length, workspace,
                            workspace_length);
    case CONTACT_BALL:
        return rb_contact_ball_init(it, (const rb_ball_config *)config, theta, length, workspace,
                                    workspace_length);
    case SGD:
        return rb_sgd_init(it, (const rb_sgd_config *)config, theta, length, workspace,
                           workspace_length);
    case ADAM:
        return rb_adam_init(it, (const rb_adam_config *)config, theta, length, workspace,
                            workspace_length);
    case ENTROPY_SGD:
        return rb_entropy_sgd_init(it, (const rb_entropy_sgd_config *)config, theta, length,
                                   workspace, workspace_length);
    case ZEROTH_ORDER_BALL:
        return rb_zeroth_order_ball_init(it, (const rb_zeroth_order_ball_config *)config, theta);
    default:
        return rb_sam_init(it, (const rb_sam_config *)config, theta, length, workspace,
                           workspace_length);
    }
}

static void expect_last_error(const object *object, rb_error error) {
    rb_error_detail detail;
    ANSWER(rb_last_error(object->it, &detail), 0, CODE(NONE));
    EXPECT(detail.error == error);
    EXPECT((detail.what.length > 0) == (error == RB_ERROR_SETTING || error == RB_ERROR_LENGTH));
    EXPECT((detail.what.length > 0) == (detail.what.start != NULL));
    EXPECT((detail.expected.length > 0) ==
           (error == RB_ERROR_SETTING || error == RB_ERROR_UNEXPECTED_ANSWER));
    EXPECT(error != RB_ERROR_LENGTH || detail.expected_length != detail.actual_length);
}

/* Arguments of an init function. */
typedef struct arguments {
    rb_optimizer *it;
    settings *config;
    float *theta, *workspace;
    size_t length, whole;
} arguments;

/* Makes an argument wrong, or none. */
static void spoil(arguments *arguments, const object *object, kind kind, codes *wrong) {
    size_t length = arguments->length, whole = arguments->whole;
    uint32_t chosen = below(24);
    /* A ball that needs losses only has no workspace, and its length is a setting. */
    int has_workspace = kind != ZEROTH_ORDER_BALL;
    if (!has_workspace && (chosen == 1 || chosen == 3 || chosen == 5))
        return;
    switch (chosen) {
    case 0:
        arguments->theta = wrong_pointer(arguments->theta, wrong);
        break;
    case 1:
        arguments->workspace = wrong_pointer(arguments->workspace, wrong);
        break;
    case 2:
        arguments->config = wrong_pointer(arguments->config, wrong);
        break;
    case 3:
        /* A length that is not there may reach into the other buffers. */
        arguments->whole = once_in(2) ? below(RB_ADAM_VECTORS * LONGEST) : any();
        if (arguments->whole != whole)
            *wrong |= CODE(LENGTH) | CODE(OVERLAP);
        break;
    case 4:
        arguments->length = (size_t)-1 / (once_in(2) ? 1 : 8) - below(3);
        arguments->config->zeroth_order_ball.parameters =
            has_workspace ? arguments->config->zeroth_order_ball.parameters : arguments->length;
        *wrong |= CODE(LENGTH) | CODE(OVERLAP);
        break;
    case 5:
        if (length > 0) {
            arguments->workspace = arguments->theta + below((uint32_t)length);
            *wrong |= CODE(OVERLAP);
        }
        break;
    case 6:
        if (length > 0) {
            float *inside = (float *)object->it + below(2 * RB_OPTIMIZER_WORDS);
            *(has_workspace && once_in(2) ? &arguments->workspace : &arguments->theta) = inside;
            *wrong |= CODE(OVERLAP);
        }
        break;
    case 7:
        if (arguments->it == object->it) {
            uint64_t *inside = object->it->opaque + below(20);
            arguments->config = memcpy(inside, arguments->config, sizeof *arguments->config);
            *wrong |= CODE(OVERLAP);
        }
        break;
    default:
        break;
    }
}

/* Initialises the object anew, in whatever state it is. Its buffers may be gone before. */
static void initialise(object *object) {
    int mild, comparable = once_in(2);
    kind kind = (enum kind)below(KINDS);
    size_t length = below(LONGEST + 1);
    settings settings = random_settings(kind, length, &mild);
    codes wrong = settings_are_wrong(kind, &settings) ? CODE(SETTING) : 0, pointer = 0;
    size_t whole = vectors(kind, &settings) * length;
    guarded theta_memory, workspace_memory;
    float *theta = guarded_new(&theta_memory, length * sizeof *theta);
    float *workspace = guarded_new(&workspace_memory, whole * sizeof *workspace);
    float known[LONGEST], known_workspace[RB_ADAM_VECTORS * LONGEST];
    fill(theta, length, 200);
    memcpy(known, theta, length * sizeof *known);
    /* What the workspace holds does not matter, not even whether it is defined. */
    if (comparable) {
        fill(workspace, whole, 200);
        memcpy(known_workspace, workspace, whole * sizeof *known_workspace);
    }
    arguments arguments = {object->it, &settings, theta, workspace, length, whole};
    if (once_in(2))
        /* From here on nothing but an init function may be called on it. */
        free_buffers(object);
    else
        arguments.it = perhaps_wrong(object->it, 40, &pointer);
    spoil(&arguments, object, kind, &wrong);
    wrong |= pointer;
    codes may = CODE(NONE) | (mild ? 0 : CODE(SETTING));
    rb_error error = ANSWER(call_init(kind, arguments.it, arguments.config, arguments.theta,
                                      arguments.length, arguments.workspace, arguments.whole),
                            wrong, may);
    EXPECT(memcmp(known, theta, length * sizeof *known) == 0);
    if (error) {
        EXPECT(!comparable ||
               memcmp(known_workspace, workspace, whole * sizeof *known_workspace) == 0);
        guarded_free(&theta_memory);
        guarded_free(&workspace_memory);
        if (!pointer) {
            free_buffers(object);
            object->state = FAILED;
            object->last = error;
            expect_last_error(object, error);
        }
        return;
    }
    free_buffers(object);
    object->theta_memory = theta_memory;
    object->workspace_memory = workspace_memory;
    object->state = INITIALISED;
    object->kind = kind;
    object->clipped = 0;
    other_settings(object);
    object->theta = theta;
    object->workspace = kind == ZEROTH_ORDER_BALL ? NULL : workspace;
    object->length = length;
    object->awaited = RB_REQUEST_DONE;
    object->steps = object->refused = 0;
    object->measure_every = kind == SGD ? settings.sgd.measure_every : 1;
    object->bound = object->it;
    object->moved = 0;
    object->last = RB_ERROR_NONE;
    remember_theta(object);
}

/* Whether a step looks at theta and the gradient, and not at the loss alone. */
static int measures(const object *object) {
    return object->steps % object->measure_every == 0;
}

/* A turn was taken that was not refused: theta may have moved. */
static void took_turn(object *object, rb_error error, rb_request asked) {
    int is_over = error || asked == RB_REQUEST_DONE;
    if (object->began_finite && is_over)
        EXPECT(all_finite(object->theta, object->length));
    if (error == RB_ERROR_NON_FINITE_PARAMETERS)
        EXPECT(memcmp(object->known, object->theta, object->length * sizeof(float)) == 0);
    remember_theta(object);
    object->awaited = is_over ? RB_REQUEST_DONE : asked;
    object->refused += error != RB_ERROR_NONE;
    object->gradients += !error && asked == RB_REQUEST_GRADIENT;
    object->losses += !error && asked == RB_REQUEST_LOSS;
    if (!error && asked == RB_REQUEST_DONE) {
        rb_step_report report;
        ANSWER(rb_report(object->it, &report), 0, CODE(NONE));
        EXPECT(report.step == object->steps && report.refused == object->refused);
        EXPECT(report.gradients == object->gradients && report.losses == object->losses);
        object->steps++;
        object->refused = 0;
        steps_done++;
    }
}

enum { UNTOUCHED = 77 };

static void begin(object *object) {
    rb_request request = UNTOUCHED;
    codes wrong = 0;
    rb_optimizer *it = address(object, &wrong);
    rb_request *asked = output(object, &request, &wrong);
    if (object->state == INITIALISED && object->awaited != RB_REQUEST_DONE)
        wrong |= CODE(UNEXPECTED_ANSWER);
    int losses_only = object->kind == ZEROTH_ORDER_BALL;
    codes may = CODE(NONE) | CODE(SETTING);
    if (losses_only)
        /* It moves theta at once. */
        may |= CODE(NON_FINITE_PARAMETERS) | CODE(NON_FINITE_UPDATE);
    int was_finite = object->state == INITIALISED && all_finite(object->theta, object->length);
    rb_error error = ANSWER(rb_begin(it, asked), wrong, may);
    remember(object, it, error);
    rb_request first = losses_only ? RB_REQUEST_LOSS : RB_REQUEST_GRADIENT;
    EXPECT(request == (error ? (rb_request)UNTOUCHED : first));
    if (error)
        object->refused += !wrong && error != RB_ERROR_SETTING;
    if (wrong || error)
        return;
    object->gradients = object->losses = 0;
    object->began_finite = was_finite && measures(object);
    took_turn(object, error, request);
}

static void tell(object *object, rb_request answered) {
    const codes non_finite = CODE(NON_FINITE_PARAMETERS) | CODE(NON_FINITE_LOSS) |
                             CODE(NON_FINITE_GRADIENT) | CODE(NON_FINITE_UPDATE);
    rb_request request = UNTOUCHED;
    codes wrong = 0;
    int is_gradient = answered == RB_REQUEST_GRADIENT;
    float loss = number(20);
    rb_optimizer *it = address(object, &wrong);
    rb_request *asked = output(object, &request, &wrong);
    if (object->state == INITIALISED && object->awaited != answered)
        wrong |= CODE(UNEXPECTED_ANSWER);
    int gradient_is_wrong = 0;
    if (object->state == INITIALISED && !object->moved &&
        object->awaited == RB_REQUEST_GRADIENT && is_gradient) {
        float *gradient = rb_gradient(object->it), size = once_in(8) ? hostile() : 1.0f;
        calls++;
        EXPECT(gradient == object->workspace);
        for (size_t i = 0; i < object->length; i++)
            gradient[i] = size * number(200);
        gradient_is_wrong = !all_finite(gradient, object->length);
    }
    codes may = non_finite;
    /* A loss that is asked for by a line search may be anything. */
    int is_seen = gradient_is_wrong && measures(object);
    if (!is_gradient || (!is_seen && all_finite(&loss, 1)))
        may |= CODE(NONE);
    rb_error error = is_gradient ? ANSWER(rb_tell_gradient(it, loss, asked), wrong, may)
                                 : ANSWER(rb_tell_loss(it, loss, asked), wrong, may);
    remember(object, it, error);
    EXPECT(error ? request == (rb_request)UNTOUCHED : request <= RB_REQUEST_GRADIENT);
    if (!wrong)
        took_turn(object, error, request);
    else if (wrong == CODE(UNEXPECTED_ANSWER))
        expect_last_error(object, error);
}

static void abandon(object *object) {
    codes wrong = 0;
    rb_optimizer *it = address(object, &wrong);
    rb_error error = ANSWER(rb_abandon(it), wrong, CODE(NONE));
    remember(object, it, error);
    if (!error)
        object->awaited = RB_REQUEST_DONE;
}

static void look(object *object) {
    codes wrong = 0;
    rb_step_report report;
    rb_error_detail detail;
    uint32_t steps = UNTOUCHED;
    rb_optimizer *it = address(object, &wrong);
    switch (below(6)) {
    case 5: {
        uint32_t halve = (uint32_t)below(3);
        remember(object, it, ANSWER(rb_halve_when_refused(it, halve), wrong,
                                    halve > 1 ? CODE(SETTING) : CODE(NONE)));
        break;
    }
    case 4: {
        uint32_t *place = output(object, &steps, &wrong);
        rb_error error = ANSWER(rb_refused(it, place), wrong, CODE(NONE));
        EXPECT(steps == (error ? UNTOUCHED : object->refused));
        break;
    }
    case 0: {
        rb_step_report *place = output(object, &report, &wrong);
        ANSWER(rb_report(it, place), wrong, CODE(NONE));
        break;
    }
    case 1: {
        uint32_t *place = output(object, &steps, &wrong);
        rb_error error = ANSWER(rb_steps(it, place), wrong, CODE(NONE));
        EXPECT(steps == (error ? UNTOUCHED : object->steps));
        break;
    }
    case 2: {
        /* It tells what an init function found wrong, too, and wherever it is. */
        if (object->state == FAILED)
            wrong &= ~CODE(NOT_INITIALISED);
        wrong &= ~CODE(MOVED);
        rb_error_detail *place = output(object, &detail, &wrong);
        if (!ANSWER(rb_last_error(it, place), wrong, CODE(NONE)))
            EXPECT(detail.error == object->last);
        break;
    }
    default:
        EXPECT(rb_gradient(it) == (wrong ? NULL : object->workspace));
        calls++;
    }
}

/* The functions for a ball alone. */
static void call_ball(object *object) {
    codes wrong = 0;
    const float *centre = NULL;
    rb_schedule schedule = random_schedule();
    rb_optimizer *it = address(object, &wrong);
    int initialised = object->state == INITIALISED;
    if (initialised && object->kind != BALL && object->kind != CONTACT_BALL)
        wrong |= CODE(KIND);
    if (once_in(3)) {
        if (initialised && object->awaited != RB_REQUEST_DONE)
            wrong |= CODE(UNEXPECTED_ANSWER);
        const float **place = output(object, &centre, &wrong);
        rb_error error = ANSWER(rb_ball_centre(it, place), wrong, CODE(NONE));
        remember(object, it, error);
        if (!error)
            EXPECT(centre == object->workspace || centre == object->theta);
        return;
    }
    if (schedule_is_wrong(schedule))
        wrong |= CODE(SETTING);
    rb_error error =
        once_in(2) ? ANSWER(rb_ball_set_radius(it, schedule), wrong, CODE(NONE) | CODE(SETTING))
                   : ANSWER(rb_ball_set_learning_rate(it, schedule), wrong,
                            CODE(NONE) | CODE(SETTING));
    remember(object, it, error);
    if (!error)
        other_settings(object);
}

/* Clips the gradients of an object of any kind by the function of one. */
static void clip(object *object) {
    codes wrong = 0;
    kind kinds[] = {BALL, CONTACT_BALL, SGD, ADAM}, kind = kinds[below(4)];
    float largest = once_in(2) ? 0.5f : hostile();
    if (once_in(2) && object->state == INITIALISED && object->kind <= ADAM)
        kind = object->kind;
    rb_optimizer *it = address(object, &wrong);
    if (object->state == INITIALISED && object->kind != kind)
        wrong |= CODE(KIND);
    if (!(largest > 0.0f && all_finite(&largest, 1)))
        wrong |= CODE(SETTING);
    rb_error error;
    switch (kind) {
    case BALL:
        error = ANSWER(rb_ball_clip_norm(it, largest), wrong, CODE(NONE));
        break;
    case CONTACT_BALL:
        error = ANSWER(rb_contact_ball_clip_norm(it, largest), wrong, CODE(NONE));
        break;
    case SGD:
        error = ANSWER(rb_sgd_clip_norm(it, largest), wrong, CODE(NONE));
        break;
    default:
        error = ANSWER(rb_adam_clip_norm(it, largest), wrong, CODE(NONE));
    }
    remember(object, it, error);
    if (!error) {
        object->clipped = 1;
        other_settings(object);
    }
}

/* Puts a ball that needs losses only back to the middle of its diameter. */
static void put_back(object *object) {
    codes wrong = 0;
    rb_optimizer *it = address(object, &wrong);
    if (object->state == INITIALISED && object->kind != ZEROTH_ORDER_BALL)
        wrong |= CODE(KIND);
    rb_error error = ANSWER(rb_zeroth_order_ball_put_back(it), wrong, CODE(NONE));
    remember(object, it, error);
    if (error)
        return;
    if (object->awaited != RB_REQUEST_DONE && object->began_finite)
        EXPECT(all_finite(object->theta, object->length));
    if (object->awaited != RB_REQUEST_DONE)
        remember_theta(object);
    object->awaited = RB_REQUEST_DONE;
}

/* Between steps theta is the caller's. */
static void change_theta(object *object) {
    if (object->state != INITIALISED || object->awaited != RB_REQUEST_DONE)
        return;
    fill(object->theta, object->length, 200);
    remember_theta(object);
}

/* A copy takes the object's place, which is refused from then on. */
static void move_elsewhere(object *object) {
    guarded old = object->memory;
    rb_optimizer *from = object->it;
    object->it = guarded_new(&object->memory, sizeof *object->it);
    *object->it = *from;
    memset(from, 0xa5, sizeof *from);
    guarded_free(&old);
    /* It may come back to where it was. */
    object->moved = object->state == INITIALISED && object->it != object->bound;
}

/* Binds an object to its buffers, which may have moved too. */
static void bind_anew(object *object) {
    codes wrong = 0;
    int initialised = object->state == INITIALISED, elsewhere = initialised && once_in(2);
    rb_optimizer *it = address(object, &wrong);
    wrong &= ~CODE(MOVED);
    guarded theta_memory = {0}, workspace_memory = {0};
    float unused[1], *theta = unused, *workspace = unused;
    size_t length = 0, whole = 0;
    if (initialised) {
        length = object->length;
        whole = object->workspace_memory.length / sizeof(float);
        theta = object->theta;
        workspace = object->workspace;
    }
    int has_workspace = !initialised || workspace != NULL;
    if (elsewhere) {
        theta = guarded_new(&theta_memory, length * sizeof *theta);
        workspace = guarded_new(&workspace_memory, whole * sizeof *workspace);
        memcpy(theta, object->theta, length * sizeof *theta);
        if (has_workspace)
            memcpy(workspace, object->workspace, whole * sizeof *workspace);
        else
            workspace = once_in(2) ? NULL : workspace;
    }
    float *given = theta, *given_workspace = workspace;
    size_t given_length = length, given_whole = whole;
    switch (below(8)) {
    case 0:
        given = wrong_pointer(theta, &wrong);
        break;
    case 1:
        given_whole += 1;
        wrong |= CODE(LENGTH) | CODE(OVERLAP) | (given_workspace ? 0 : CODE(NULL));
        break;
    case 2:
        given_length += 1;
        wrong |= CODE(LENGTH) | CODE(OVERLAP);
        break;
    case 3:
        if (length > 0 && has_workspace) {
            given_workspace = theta;
            wrong |= CODE(OVERLAP);
        }
        break;
    default:
        break;
    }
    rb_error error = ANSWER(rb_rebind(it, given, given_length, given_workspace, given_whole),
                            wrong, CODE(NONE));
    remember(object, it, error);
    if (!error) {
        object->bound = object->it;
        object->moved = 0;
        if (elsewhere) {
            guarded_free(&object->theta_memory);
            guarded_free(&object->workspace_memory);
            object->theta_memory = theta_memory;
            object->workspace_memory = workspace_memory;
            object->theta = theta;
            object->workspace = has_workspace ? workspace : NULL;
        }
    } else if (elsewhere) {
        guarded_free(&theta_memory);
        guarded_free(&workspace_memory);
    }
}

/* The object of another header, which may be smaller, is not written. */
static void initialise_by_another_header(void) {
    enum { PATTERN = 0x3c };
    guarded memory;
    int mild;
    kind kind = (enum kind)below(KINDS);
    settings settings = random_settings(kind, 1, &mild);
    size_t own = sizeof(rb_optimizer), size = once_in(2) ? below((uint32_t)own) : own + below(99);
    uint32_t version = size == own ? RB_VERSION + 1 + below(9) : RB_VERSION;
    float theta[1] = {0}, work[RB_ADAM_VECTORS] = {0};
    size_t whole = vectors(kind, &settings);
    unsigned char *bytes = guarded_new(&memory, size);
    rb_optimizer *it = (rb_optimizer *)(void *)bytes;
    codes header = CODE(HEADER);
    memset(bytes, PATTERN, size);
    switch (kind) {
    case BALL:
        ANSWER(rb_ball_init_sized(it, size, version, &settings.ball, theta, 1, work, whole),
               header, 0);
        break;
    case CONTACT_BALL:
        ANSWER(rb_contact_ball_init_sized(it, size, version, &settings.ball, theta, 1, work,
                                          whole),
               header, 0);
        break;
    case SGD:
        ANSWER(rb_sgd_init_sized(it, size, version, &settings.sgd, theta, 1, work, whole), header,
               0);
        break;
    case ADAM:
        ANSWER(rb_adam_init_sized(it, size, version, &settings.adam, theta, 1, work, whole),
               header, 0);
        break;
    case ENTROPY_SGD:
        ANSWER(rb_entropy_sgd_init_sized(it, size, version, &settings.entropy_sgd, theta, 1, work,
                                         whole),
               header, 0);
        break;
    case ZEROTH_ORDER_BALL:
        ANSWER(rb_zeroth_order_ball_init_sized(it, size, version, &settings.zeroth_order_ball,
                                               theta),
               header, 0);
        break;
    default:
        ANSWER(rb_sam_init_sized(it, size, version, &settings.sam, theta, 1, work, whole), header,
               0);
    }
    for (size_t i = 0; i < size; i++)
        EXPECT(bytes[i] == PATTERN);
    guarded_free(&memory);
}

void optimizers_start(void) {
    for (int i = 0; i < OBJECTS; i++)
        start(&objects[i]);
    checkpoints_start();
}

void optimizers_call(void) {
    object *object = &objects[below(OBJECTS)];
    switch (below(40)) {
    case 16:
        clip(object);
        break;
    case 17:
        put_back(object);
        break;
    case 18:
    case 19:
    case 20:
    case 21:
        checkpoints_call(object);
        break;
    case 0:
    case 1:
        initialise(object);
        break;
    case 2:
        abandon(object);
        break;
    case 3:
    case 4:
        call_ball(object);
        break;
    case 5:
        change_theta(object);
        break;
    case 6:
        move_elsewhere(object);
        break;
    case 13:
    case 14:
        bind_anew(object);
        break;
    case 15:
        initialise_by_another_header();
        break;
    case 7:
    case 8:
    case 9:
        look(object);
        break;
    case 10:
        begin(object);
        break;
    case 11:
        tell(object, RB_REQUEST_LOSS);
        break;
    case 12:
        tell(object, RB_REQUEST_GRADIENT);
        break;
    default:
        /* Mostly as it should be, so that steps come to their end. */
        if (object->state != INITIALISED)
            initialise(object);
        else if (object->moved)
            bind_anew(object);
        else if (object->awaited == RB_REQUEST_DONE)
            begin(object);
        else
            tell(object, object->awaited);
    }
}

void optimizers_check(void) {
    checkpoints_check();
    for (int i = 0; i < OBJECTS; i++) {
        guarded_check(&objects[i].memory);
        guarded_check(&objects[i].theta_memory);
        guarded_check(&objects[i].workspace_memory);
        if (objects[i].state == INITIALISED)
            EXPECT(memcmp(objects[i].known, objects[i].theta,
                          objects[i].length * sizeof(float)) == 0);
    }
}

void optimizers_end(void) {
    for (int i = 0; i < OBJECTS; i++)
        end(&objects[i]);
    checkpoints_end();
}
