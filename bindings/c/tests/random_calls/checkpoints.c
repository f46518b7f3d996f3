#include "checkpoints.h"
#include "flash.h"
#include "numbers.h"
#include <string.h>

/* A checkpoint's header and state, and the vectors of the largest. */
enum { BYTES = 80 + 4 * RB_ADAM_VECTORS * LONGEST };

static const codes FLASH_FAILED = CODE(FLASH) | CODE(NOT_KEPT);

static flash shared;

/* The newest checkpoint. */
static struct {
    /* UNKNOWN after the flash has failed: it may be the one before, the one that was not saved, or
     * none. */
    enum { NONE, THETA, OPTIMIZER, UNKNOWN } what;
    /* Whose it is. */
    object *object;
    kind kind;
    int clipped;
    uint32_t settings, steps, refused;
    size_t length;
    float theta[LONGEST];
} newest;

void checkpoints_start(void) {
    flash_start(&shared, BYTES);
    newest.what = NONE;
}

void checkpoints_check(void) {
    flash_check(&shared);
}

void checkpoints_end(void) {
    flash_end(&shared);
}

static void saved(int what, const float *theta, size_t length, rb_error error) {
    if (shared.failed)
        newest.what = UNKNOWN;
    if (error)
        return;
    if (!shared.failed)
        flash_is_well(&shared);
    newest.what = what;
    newest.length = length;
    memcpy(newest.theta, theta, length * sizeof *theta);
}

/* What a call on the flash may answer, where nothing is wrong with its arguments. */
static codes may(codes answers) {
    return answers | (shared.failed ? FLASH_FAILED : 0);
}

/* The kind that a checkpoint tells. A ball of one form has those of a ball of any. */
static kind kept_kind(const object *object) {
    return object->kind == CONTACT_BALL ? BALL : object->kind;
}

static void save(object *object) {
    codes wrong = 0;
    rb_flash spoiled;
    rb_optimizer *it = address(object, &wrong);
    const rb_flash *flash = flash_for_a_call(&shared, &spoiled, 8, &wrong);
    if (object->state == INITIALISED && object->awaited != RB_REQUEST_DONE)
        wrong |= CODE(UNEXPECTED_ANSWER);
    if (object->state == INITIALISED && !all_finite(object->theta, object->length))
        wrong |= CODE(NON_FINITE_PARAMETERS);
    rb_error error = rb_save(flash, it);
    /* Before it sees what is wrong, it may have read. */
    CHECKED(error, "rb_save", wrong ? wrong | may(0) : may(CODE(NONE)));
    remember(object, it, error);
    saved(OPTIMIZER, object->theta, object->length, error);
    if (!error) {
        newest.object = object;
        newest.kind = kept_kind(object);
        newest.clipped = object->clipped;
        newest.settings = object->settings;
        newest.steps = object->steps;
        newest.refused = object->refused;
    }
}

static void save_theta(object *object) {
    codes wrong = 0;
    rb_flash spoiled;
    if (object->state != INITIALISED)
        return;
    const rb_flash *flash = flash_for_a_call(&shared, &spoiled, 8, &wrong);
    codes pointer = 0;
    const float *theta = perhaps_wrong(object->theta, 20, &pointer);
    if (!pointer && !all_finite(object->theta, object->length))
        wrong |= CODE(NON_FINITE_PARAMETERS);
    wrong |= pointer;
    rb_error error = rb_save_theta(flash, theta, object->length);
    CHECKED(error, "rb_save_theta", wrong ? wrong | may(0) : may(CODE(NONE)));
    saved(THETA, object->theta, object->length, error);
}

/* What must be said of the newest checkpoint that is of another kind or length than an object. */
static codes unlike(const object *object) {
    codes differs = 0;
    if (newest.what == NONE)
        return CODE(NO_CHECKPOINT);
    if (newest.what == THETA || newest.kind != kept_kind(object) ||
        newest.clipped != object->clipped)
        differs |= CODE(KIND);
    if (newest.length != object->length)
        differs |= CODE(LENGTH);
    return differs;
}

/* What is known of an object after a checkpoint was taken over that is not known. */
static void look_again(object *object) {
    remember_theta(object);
    ANSWER(rb_steps(object->it, &object->steps), 0, CODE(NONE));
    ANSWER(rb_refused(object->it, &object->refused), 0, CODE(NONE));
}

static void resume(object *object) {
    codes wrong = 0, answers = CODE(NONE);
    rb_flash spoiled;
    rb_optimizer *it = address(object, &wrong);
    const rb_flash *flash = flash_for_a_call(&shared, &spoiled, 8, &wrong);
    int initialised = object->state == INITIALISED;
    if (once_in(20) && initialised) {
        /* It would be overwritten before it is used. */
        flash = (const rb_flash *)(const void *)object->it;
        wrong |= CODE(OVERLAP);
    }
    if (initialised && object->awaited != RB_REQUEST_DONE)
        wrong |= CODE(UNEXPECTED_ANSWER);
    if (initialised && newest.what != UNKNOWN)
        wrong |= unlike(object);
    /* Other settings may be alike. */
    if (newest.what == UNKNOWN || newest.settings != object->settings)
        answers |= CODE(SETTING);
    const codes any_other = CODE(NO_CHECKPOINT) | CODE(KIND) | CODE(LENGTH) | CODE(SETTING);
    if (newest.what == UNKNOWN)
        answers |= any_other;
    rb_error error = rb_resume(flash, it);
    int is_known = newest.what != UNKNOWN && !shared.failed;
    if (shared.failed)
        answers |= any_other | CODE(HALF_RESUMED) | CODE(FLASH);
    CHECKED(error, "rb_resume", wrong ? wrong | (shared.failed ? answers : 0) : answers);
    remember(object, it, error);
    if (error && error != RB_ERROR_HALF_RESUMED)
        return;
    if (!error && is_known) {
        EXPECT(memcmp(object->theta, newest.theta, object->length * sizeof(float)) == 0);
        object->steps = newest.steps;
        object->refused = newest.refused;
        remember_theta(object);
    } else {
        look_again(object);
    }
}

static void resume_theta(const object *object) {
    codes wrong = 0, answers = CODE(NONE);
    rb_flash spoiled;
    float theta[LONGEST], known[LONGEST], *place = theta;
    size_t length = object->state == INITIALISED ? object->length : below(LONGEST + 1);
    int is_known = newest.what != UNKNOWN;
    fill(theta, LONGEST, 200);
    memcpy(known, theta, sizeof known);
    const rb_flash *flash = flash_for_a_call(&shared, &spoiled, 8, &wrong);
    if (once_in(20) && flash == &spoiled && length > 0) {
        place = (float *)(void *)&spoiled;
        wrong |= CODE(OVERLAP);
    } else {
        place = perhaps_wrong(theta, 20, &wrong);
    }
    if (newest.what == NONE)
        wrong |= CODE(NO_CHECKPOINT);
    else if (is_known && newest.length != length)
        wrong |= CODE(LENGTH);
    if (!is_known)
        answers |= CODE(NO_CHECKPOINT) | CODE(LENGTH);
    rb_error error = rb_resume_theta(flash, place, length);
    if (shared.failed)
        answers |= CODE(NO_CHECKPOINT) | CODE(LENGTH) | CODE(HALF_RESUMED) | CODE(FLASH);
    CHECKED(error, "rb_resume_theta", wrong ? wrong | (shared.failed ? answers : 0) : answers);
    if (error && error != RB_ERROR_HALF_RESUMED)
        EXPECT(memcmp(theta, known, sizeof known) == 0);
    if (!error && is_known && !shared.failed)
        EXPECT(memcmp(theta, newest.theta, length * sizeof *theta) == 0);
}

static void erase(void) {
    codes wrong = 0;
    rb_flash spoiled;
    const rb_flash *flash = flash_for_a_call(&shared, &spoiled, 8, &wrong);
    rb_error error = rb_erase_checkpoints(flash);
    CHECKED(error, "rb_erase_checkpoints", wrong ? wrong : may(CODE(NONE)));
    if (!wrong)
        newest.what = error ? UNKNOWN : NONE;
    if (!error && !shared.failed)
        flash_is_well(&shared);
}

void checkpoints_call(object *object) {
    switch (below(16)) {
    case 0:
        erase();
        break;
    case 1:
    case 2:
        save_theta(object);
        break;
    case 3:
    case 4:
        resume_theta(object);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
        resume(newest.what == OPTIMIZER && !once_in(4) ? newest.object : object);
        break;
    default:
        save(object);
    }
}
