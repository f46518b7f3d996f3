#include "fine_tunings.h"
#include "check.h"
#include "flash.h"
#include "guarded.h"
#include "network.h"
#include "numbers.h"
#include <math.h>
#include <string.h>

enum {
    OBJECTS = 2,
    SAMPLES = 7,
    OLD = 2,
    /* The header and the state, theta and a vector, the stage, and the samples. */
    CHECKPOINT = 80 + 8 * PARAMETERS + 96 + 28 * SAMPLES
};

/* What is read, in memory of its own. */
typedef struct samples {
    guarded inputs, labels, groups;
} samples;

typedef struct object {
    guarded memory, start, theta, workspace, scratch, credibilities;
    samples samples, old;
    flash flash;
    rb_fine_tuning *it;
    enum { NEVER, FAILED, BEGUN } state;
    rb_fine_tuning_config config;
    rb_fine_tuning_arrays arrays;
    /* Some of the numbers are hostile, or a label is none. */
    int hostile, no_class;
    /* The bytes that theta must have. */
    float known[PARAMETERS];
    /* Where it was when it was bound to its arrays, and whether it is elsewhere now. */
    const rb_fine_tuning *bound;
    int moved;
    /* What the last call answered that did more than ask. */
    rb_error last;
    uint32_t steps;
    /* It can be saved, since no step is in progress. */
    int between;
    /* The number of the content and the settings, and that of the newest checkpoint: 0 where there
     * is none. */
    uint32_t content, saved;
    /* The flash has failed since, so that the newest checkpoint is not known. */
    int unknown_checkpoint;
    /* How it ends, once that is known: always with the same bits, whatever is called on the way. */
    int end_is_known;
    uint32_t end;
    /* It goes on from a checkpoint of something else. */
    int is_another;
} object;

unsigned long long fine_tunings_done;
static object objects[OBJECTS];

static float *new_floats(guarded *memory, size_t length, uint32_t hostile_once_in) {
    float *floats = guarded_new(memory, length * sizeof *floats);
    fill(floats, length, hostile_once_in);
    return floats;
}

static rb_samples new_samples(samples *memory, size_t count, uint32_t hostile_once_in,
                              int *no_class) {
    rb_samples it;
    uint8_t *labels = guarded_new(&memory->labels, count);
    uint32_t *groups = guarded_new(&memory->groups, count * sizeof *groups);
    void *inputs = guarded_new(&memory->inputs, inputs_room(count));
    it.inputs = random_inputs(inputs, count, hostile_once_in);
    it.labels = labels;
    it.groups = once_in(3) ? groups : NULL;
    it.count = count;
    for (size_t i = 0; i < count; i++) {
        labels[i] = (uint8_t)below(once_in(2) ? OUTPUTS : 3);
        groups[i] = once_in(20) ? any() : below(3);
        if (once_in(100)) {
            labels[i] = (uint8_t)(OUTPUTS + below(256 - OUTPUTS));
            *no_class = 1;
        }
    }
    return it;
}

static void free_samples(samples *memory) {
    guarded_free(&memory->inputs);
    guarded_free(&memory->labels);
    guarded_free(&memory->groups);
}

static void free_arrays(object *object) {
    guarded_free(&object->start);
    guarded_free(&object->theta);
    guarded_free(&object->workspace);
    guarded_free(&object->scratch);
    guarded_free(&object->credibilities);
    free_samples(&object->samples);
    free_samples(&object->old);
}

/* Arrays of another content, and settings for them. */
static void new_content(object *object) {
    static uint32_t content;
    rb_fine_tuning_arrays *it = &object->arrays;
    uint32_t hostile_once_in = once_in(8) ? 100 : 0xffffffff;
    object->hostile = hostile_once_in == 100;
    object->no_class = 0;
    size_t count = once_in(20) ? below(2) : 2 + below(SAMPLES - 1);
    it->samples = new_samples(&object->samples, count, hostile_once_in,
                              &object->no_class);
    it->old = new_samples(&object->old, once_in(2) ? 0 : below(OLD + 1), hostile_once_in,
                          &object->no_class);
    float *start = new_floats(&object->start, PARAMETERS, hostile_once_in);
    if (once_in(2)) {
        memcpy(start, CALL(_theta), PARAMETERS * sizeof *start);
    }
    it->start = start;
    it->theta = new_floats(&object->theta, PARAMETERS, 3);
    /* Their content does not matter, not even whether it is defined. */
    it->workspace = guarded_new(&object->workspace,
                                RB_FINE_TUNING_VECTORS * PARAMETERS * sizeof(float));
    it->scratch = guarded_new(&object->scratch, SCRATCH * sizeof(float));
    it->credibilities =
        guarded_new(&object->credibilities, it->samples.count * sizeof(rb_credibility));
    object->config = rb_fine_tuning_default();
    if (!once_in(20)) {
        object->config.fold_steps = below(3);
        object->config.steps = below(5);
    }
    object->config.mini_batch = once_in(4) ? below(SAMPLES) : 0;
    object->config.seed = any();
    object->content = ++content;
    object->end_is_known = 0;
}

static void remember_theta(object *object) {
    memcpy(object->known, object->arrays.theta, PARAMETERS * sizeof(float));
}

/* Any content but that of an object. */
static void start(object *object) {
    memset(object, 0, sizeof *object);
    object->it = guarded_new(&object->memory, sizeof *object->it);
    memset(object->it, once_in(2) ? 0 : (int)below(256), sizeof *object->it);
    flash_start(&object->flash, CHECKPOINT);
    new_content(object);
    remember_theta(object);
}

static void end(object *object) {
    free_arrays(object);
    flash_end(&object->flash);
    guarded_free(&object->memory);
}

/* The address of the object for a call. */
static rb_fine_tuning *address(const object *object, codes *wrong) {
    codes pointer = 0;
    rb_fine_tuning *it = perhaps_wrong(object->it, 40, &pointer);
    *wrong |= pointer;
    if (!pointer && object->state != BEGUN)
        *wrong |= CODE(NOT_INITIALISED);
    if (!pointer && object->state == BEGUN && object->moved)
        *wrong |= CODE(MOVED);
    return it;
}

static void remember(object *object, const rb_fine_tuning *it, rb_error error) {
    if (it == object->it && object->state == BEGUN)
        object->last = error;
}

/* Somewhere in what belongs to an object, where nothing else may be written. */
static void *inside(const object *object) {
    const rb_fine_tuning_arrays *arrays = &object->arrays;
    switch (below(8)) {
    case 0:
        return object->it->opaque + below(RB_FINE_TUNING_WORDS);
    case 1:
        return arrays->theta + below(PARAMETERS);
    case 2:
        return arrays->workspace + below(RB_FINE_TUNING_VECTORS * PARAMETERS);
    case 3:
        return arrays->scratch + below(SCRATCH);
    case 4:
        return (void *)(uintptr_t)(arrays->start + below(PARAMETERS));
    case 5:
        if (arrays->samples.count > 0)
            return (void *)(uintptr_t)arrays->samples.inputs.values;
        return arrays->scratch;
    case 6:
        if (arrays->old.count > 0)
            return (void *)(uintptr_t)arrays->old.inputs.values;
        return arrays->scratch;
    default:
        if (arrays->samples.count > 0)
            return arrays->credibilities + below((uint32_t)arrays->samples.count);
        return arrays->scratch;
    }
}

/* Where a call writes: memory of its own, or what must be refused. */
static void *output(const object *object, void *good, codes *wrong) {
    codes pointer = 0;
    void *place = perhaps_wrong(good, 40, &pointer);
    if (!pointer && object->state == BEGUN && once_in(20)) {
        pointer = CODE(OVERLAP) | CODE(MISALIGNED);
        place = inside(object);
    }
    *wrong |= pointer;
    return place;
}

static void expect_last_error(object *object) {
    rb_error_detail detail;
    ANSWER(rb_fine_tuning_last_error(object->it, &detail), 0, CODE(NONE));
    EXPECT(detail.error == object->last);
}

/* Makes the arrays or the settings wrong, or neither. */
static void spoil(const object *object, rb_fine_tuning_arrays *arrays,
                  rb_fine_tuning_config *config, codes *wrong) {
    rb_samples *samples = once_in(2) ? &arrays->samples : &arrays->old;
    switch (below(30)) {
    case 0:
        arrays->theta = wrong_pointer(arrays->theta, wrong);
        break;
    case 1:
        arrays->workspace = wrong_pointer(arrays->workspace, wrong);
        break;
    case 2:
        arrays->scratch = wrong_pointer(arrays->scratch, wrong);
        break;
    case 3:
        arrays->start = wrong_pointer((void *)(uintptr_t)arrays->start, wrong);
        break;
    case 4:
        arrays->credibilities = wrong_pointer(arrays->credibilities, wrong);
        break;
    case 5:
        if (samples->count > 0) {
            samples->labels = NULL;
            *wrong |= CODE(NULL);
        }
        break;
    case 6:
        if (samples->count > 0) {
            samples->inputs.values = NULL;
            *wrong |= CODE(NULL);
        }
        break;
    case 7:
        if (samples->count > 0) {
            samples->inputs.kind = 4 + below(0xfffffff0);
            *wrong |= CODE(SETTING);
        }
        break;
    case 8:
        /* A length that is not there may reach into the other arrays. */
        samples->count = (size_t)-1 / (once_in(2) ? 1 : 8) - below(3);
        *wrong |= CODE(LENGTH) | CODE(OVERLAP);
        break;
    case 9:
        config->pull = once_in(2) ? -1.0f : NAN;
        *wrong |= CODE(SETTING);
        break;
    case 10:
        arrays->theta = once_in(2) ? arrays->workspace : (float *)(uintptr_t)arrays->start;
        *wrong |= CODE(OVERLAP);
        break;
    case 11:
        arrays->scratch = once_in(2) ? arrays->theta : (float *)(void *)object->it;
        *wrong |= CODE(OVERLAP);
        break;
    case 12:
        if (samples->count > 0) {
            samples->labels = (const uint8_t *)arrays->scratch + below(4 * SCRATCH);
            *wrong |= CODE(OVERLAP);
        }
        break;
    case 13:
        if (arrays->samples.count > 0) {
            unsigned char *groups = (unsigned char *)arrays->theta + below(2);
            arrays->samples.groups = (const uint32_t *)(const void *)groups;
            *wrong |= CODE(OVERLAP) | CODE(MISALIGNED);
        }
        break;
    default:
        break;
    }
}

static void begin(object *object) {
    codes wrong = 0, pointer = 0;
    if (once_in(3)) {
        /* From here on nothing but an init function may be called on it. */
        free_arrays(object);
        new_content(object);
    }
    rb_fine_tuning_arrays arrays = object->arrays, *arrays_at = &arrays;
    rb_fine_tuning_config config = object->config, *config_at = &config;
    rb_fine_tuning *it = perhaps_wrong(object->it, 40, &pointer);
    /* What could be read of an array that is not there must not be. */
    remember_theta(object);
    if (once_in(20))
        config_at = wrong_pointer(&config, &wrong);
    else if (once_in(20))
        arrays_at = wrong_pointer(&arrays, &wrong);
    else
        spoil(object, &arrays, &config, &wrong);
    wrong |= pointer;
    rb_error error = ANSWER(CALL(_fine_tuning_init)(it, config_at, arrays_at), wrong, CODE(NONE));
    const float *expected = error ? object->known : object->arrays.start;
    EXPECT(memcmp(expected, object->arrays.theta, PARAMETERS * sizeof(float)) == 0);
    remember_theta(object);
    if (pointer) {
        /* The object may be bound to arrays that are gone. */
        ANSWER(CALL(_fine_tuning_init)(object->it, NULL, NULL), CODE(NULL), 0);
        error = RB_ERROR_NULL;
    }
    object->state = error ? FAILED : BEGUN;
    object->last = error;
    object->moved = 0;
    object->bound = object->it;
    object->steps = 0;
    object->is_another = 0;
    object->between = 1;
    expect_last_error(object);
}

/* The object of another header, which may be smaller, is not written. */
static void begin_by_another_header(const object *object) {
    enum { PATTERN = 0x3c };
    guarded memory;
    size_t own = sizeof(rb_fine_tuning), size = once_in(2) ? below((uint32_t)own) : own + below(99);
    uint32_t version = size == own ? RB_VERSION + 1 + below(9) : RB_VERSION;
    unsigned char *bytes = guarded_new(&memory, size);
    memset(bytes, PATTERN, size);
    ANSWER(CALL(_fine_tuning_init_sized)((rb_fine_tuning *)(void *)bytes, size, version,
                                         &object->config, &object->arrays),
           CODE(HEADER), 0);
    for (size_t i = 0; i < size; i++)
        EXPECT(bytes[i] == PATTERN);
    guarded_free(&memory);
}

/* FNV-1a of the bytes, from another hash on. */
static uint32_t hash(uint32_t from, const void *values, size_t length) {
    const uint8_t *next = values;
    for (size_t i = 0; i < length; i++)
        from = (from ^ next[i]) * 16777619u;
    return from;
}

/* It came to its end: the report must fit to theta and to the samples. */
static void expect_end(object *object, const rb_fine_tuning_report *report) {
    const rb_fine_tuning_arrays *arrays = &object->arrays;
    size_t bytes = PARAMETERS * sizeof(float);
    int is_start = memcmp(arrays->theta, arrays->start, bytes) == 0;
    EXPECT(report->steps == report->all_steps);
    EXPECT(report->kept >= 0.0f && report->kept <= 1.0f);
    EXPECT(report->kept > 0.0f || is_start);
    EXPECT((report->refusal == RB_REFUSAL_NONE) == (report->kept > 0.0f));
    EXPECT(report->samples == arrays->samples.count);
    EXPECT(report->old_samples <= arrays->old.count);
    for (int i = 0; i < 5; i++) {
        EXPECT(report->agreeing[i] <= report->samples);
        EXPECT(report->old_agreeing[i] <= report->old_samples);
        EXPECT(report->posterior[i] >= 0.0f && report->posterior[i] <= 1.0f);
    }
    for (size_t i = 0; i < arrays->samples.count; i++) {
        float label = rb_label_credibility(&arrays->credibilities[i]);
        EXPECT(label >= 0.0f && label <= 1.0f);
        calls++;
    }
    fine_tunings_done++;
    if (object->is_another)
        return;
    uint32_t bits = hash(hash(1, arrays->theta, bytes), report, sizeof *report);
    EXPECT(!object->end_is_known || object->end == bits);
    object->end_is_known = 1;
    object->end = bits;
}

/* Gives 1 where there is more to be done. */
static int poll(object *object) {
    codes wrong = 0, may = CODE(NONE);
    rb_fine_tuning_report report;
    memset(&report, 0x5a, sizeof report);
    const rb_fine_tuning_arrays *arrays = &object->arrays;
    rb_fine_tuning *it = address(object, &wrong);
    rb_fine_tuning_report *place = output(object, &report, &wrong);
    if (object->no_class)
        may |= CODE(CLASS);
    if (arrays->samples.count < 2 || arrays->samples.groups || object->config.mini_batch > 0)
        may |= CODE(NO_SAMPLES);
    if (object->hostile)
        may |= CODE(SETTING) | CODE(NON_FINITE_OUTPUT) | CODE(NON_FINITE_INPUT) |
               CODE(NON_FINITE_PARAMETERS);
    rb_error error = ANSWER(CALL(_fine_tuning_poll)(it, place), wrong, may);
    remember(object, it, error);
    if (wrong)
        return 0;
    remember_theta(object);
    if (error) {
        EXPECT(memcmp(arrays->theta, arrays->start, PARAMETERS * sizeof(float)) == 0);
        object->steps = 0;
        object->is_another = 0;
        object->between = 1;
        return 0;
    }
    EXPECT(report.done <= 1 && report.steps <= report.all_steps);
    if (!object->is_another)
        EXPECT(report.all_steps == 5 * object->config.fold_steps + object->config.steps);
    if (report.done)
        expect_end(object, &report);
    /* What comes after the end is it again, from the beginning. */
    if (report.done)
        object->is_another = 0;
    object->between = report.done || report.steps > object->steps;
    object->steps = report.done ? 0 : report.steps;
    return !report.done;
}

static void save(object *object) {
    codes wrong = 0, may = CODE(NONE) | (object->between ? 0 : CODE(UNEXPECTED_ANSWER));
    rb_flash spoiled;
    rb_fine_tuning *it = address(object, &wrong);
    const rb_flash *flash = flash_for_a_call(&object->flash, &spoiled, 8, &wrong);
    if (object->state == BEGUN && !all_finite(object->arrays.theta, PARAMETERS))
        may |= CODE(NON_FINITE_PARAMETERS);
    rb_error error = CALL(_fine_tuning_save)(flash, it);
    codes failed = object->flash.failed ? CODE(FLASH) | CODE(NOT_KEPT) : 0;
    if (wrong && !(wrong & (CODE(NOT_INITIALISED) | CODE(MOVED))))
        wrong |= may & ~CODE(NONE);
    CHECKED(error, "fine_tuning_save", (wrong ? wrong : may) | failed);
    remember(object, it, error);
    if (object->flash.failed)
        object->unknown_checkpoint = 1;
    if (!error) {
        object->saved = object->is_another ? 0xffffffff : object->content;
        object->unknown_checkpoint = 0;
        if (!object->flash.failed)
            flash_is_well(&object->flash);
    }
}

static void resume(object *object) {
    codes wrong = 0;
    rb_flash spoiled;
    rb_fine_tuning *it = address(object, &wrong);
    const rb_flash *flash = flash_for_a_call(&object->flash, &spoiled, 8, &wrong);
    if (once_in(20) && object->state == BEGUN) {
        flash = (const rb_flash *)(const void *)object->arrays.workspace;
        wrong |= CODE(OVERLAP) | CODE(MISALIGNED);
    }
    codes may = CODE(NONE) | CODE(UNEXPECTED_ANSWER);
    const codes any_other = CODE(NO_CHECKPOINT) | CODE(SETTING) | CODE(LENGTH) | CODE(KIND);
    if (object->unknown_checkpoint || object->saved != object->content)
        may |= any_other;
    if (!object->unknown_checkpoint && object->saved == 0)
        may = CODE(NO_CHECKPOINT) | CODE(UNEXPECTED_ANSWER);
    rb_error error = CALL(_fine_tuning_resume)(flash, it);
    if (object->flash.failed)
        may |= any_other | CODE(FLASH) | CODE(HALF_RESUMED);
    if (wrong && !(wrong & (CODE(NOT_INITIALISED) | CODE(MOVED))))
        wrong |= may & ~CODE(NONE);
    CHECKED(error, "fine_tuning_resume", wrong ? wrong : may);
    remember(object, it, error);
    if (!error || error == RB_ERROR_HALF_RESUMED)
        remember_theta(object);
    else
        return;
    object->is_another = !error && (object->unknown_checkpoint || object->flash.failed ||
                                    object->saved != object->content);
    object->between = 1;
    /* The next poll tells. */
    object->steps = 0xffffffff;
}

/* A copy takes the object's place, which is refused from then on. */
static void move_elsewhere(object *object) {
    guarded old = object->memory;
    rb_fine_tuning *from = object->it;
    object->it = guarded_new(&object->memory, sizeof *object->it);
    *object->it = *from;
    memset(from, 0xa5, sizeof *from);
    guarded_free(&old);
    /* It may come back to where it was. */
    object->moved = object->state == BEGUN && object->it != object->bound;
}

/* A copy of memory, in the place of which it then is. */
static void *copied(guarded *memory, const void *from) {
    guarded old = *memory;
    void *to = guarded_new(memory, old.length);
    memcpy(to, from, old.length);
    guarded_free(&old);
    return to;
}

/* Binds an object to its arrays, some of which may have moved too. */
static void bind_anew(object *object) {
    codes wrong = 0;
    rb_fine_tuning *it = address(object, &wrong);
    wrong &= ~CODE(MOVED);
    rb_fine_tuning_config unused = object->config;
    rb_fine_tuning_arrays *own = &object->arrays;
    if (!wrong && once_in(2)) {
        own->theta = copied(&object->theta, own->theta);
        own->workspace = copied(&object->workspace, own->workspace);
        own->start = copied(&object->start, own->start);
        own->credibilities = copied(&object->credibilities, own->credibilities);
        own->samples.labels = copied(&object->samples.labels, own->samples.labels);
        own->samples.inputs.values =
            copied(&object->samples.inputs, own->samples.inputs.values);
    }
    rb_fine_tuning_arrays arrays = *own, *arrays_at = &arrays;
    codes before = wrong;
    if (once_in(20))
        arrays_at = wrong_pointer(&arrays, &wrong);
    else if (once_in(20) && arrays.samples.count > 0) {
        arrays.samples.count--;
        wrong |= CODE(LENGTH);
    } else if (once_in(2)) {
        spoil(object, &arrays, &unused, &wrong);
        /* It takes no settings. */
        if (unused.pull != object->config.pull)
            wrong = before;
    }
    rb_error error = ANSWER(CALL(_fine_tuning_rebind)(it, arrays_at), wrong, CODE(NONE));
    remember(object, it, error);
    if (object->state == BEGUN && error && !before) {
        /* What it was bound to may be gone. */
        error = ANSWER(CALL(_fine_tuning_rebind)(object->it, own), 0, CODE(NONE));
        remember(object, object->it, error);
    }
    if (!error) {
        object->bound = object->it;
        object->moved = 0;
    }
}

static void look(object *object) {
    codes wrong = 0;
    rb_error_detail detail;
    rb_fine_tuning *it = address(object, &wrong);
    /* It tells what an init function found wrong, too, and wherever it is. */
    if (object->state == FAILED)
        wrong &= ~CODE(NOT_INITIALISED);
    wrong &= ~CODE(MOVED);
    rb_error_detail *place = output(object, &detail, &wrong);
    if (!ANSWER(rb_fine_tuning_last_error(it, place), wrong, CODE(NONE)))
        EXPECT(detail.error == object->last);
    EXPECT(isnan(rb_label_credibility(wrong_pointer(&detail, &wrong))));
    calls++;
}

/* Between its calls the scratch is the caller's. */
static void use_scratch(object *object) {
    fill(object->arrays.scratch, SCRATCH, 3);
}

void fine_tunings_start(void) {
    for (int i = 0; i < OBJECTS; i++)
        start(&objects[i]);
}

void fine_tunings_call(void) {
    object *object = &objects[below(OBJECTS)];
    switch (below(24)) {
    case 8:
    case 0:
        begin(object);
        break;
    case 1:
        begin_by_another_header(object);
        break;
    case 2:
    case 9:
        save(object);
        break;
    case 3:
        resume(object);
        break;
    case 4:
        move_elsewhere(object);
        break;
    case 5:
        bind_anew(object);
        break;
    case 6:
        look(object);
        break;
    case 7:
        use_scratch(object);
        break;
    default:
        /* Mostly as it should be, so that it comes to its end. */
        if (object->state != BEGUN)
            begin(object);
        else if (object->moved && !once_in(4))
            bind_anew(object);
        else
            for (uint32_t times = below(20); times > 0 && poll(object); times--)
                ;
    }
}

static void check_samples(const samples *memory) {
    guarded_check(&memory->inputs);
    guarded_check(&memory->labels);
    guarded_check(&memory->groups);
}

void fine_tunings_check(void) {
    for (int i = 0; i < OBJECTS; i++) {
        const object *object = &objects[i];
        guarded_check(&object->memory);
        guarded_check(&object->start);
        guarded_check(&object->theta);
        guarded_check(&object->workspace);
        guarded_check(&object->scratch);
        guarded_check(&object->credibilities);
        check_samples(&object->samples);
        check_samples(&object->old);
        flash_check(&object->flash);
        if (object->state == BEGUN)
            EXPECT(memcmp(object->known, object->arrays.theta, PARAMETERS * sizeof(float)) == 0);
    }
}

void fine_tunings_end(void) {
    for (int i = 0; i < OBJECTS; i++)
        end(&objects[i]);
}
