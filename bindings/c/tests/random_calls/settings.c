#include "settings.h"
#include "numbers.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

static int is_rate(float value) {
    return isfinite(value) && value >= 0.0f;
}

rb_schedule random_schedule(void) {
    rb_schedule schedule = {below(4), fabsf(usual()), fabsf(usual()), below(20)};
    if (once_in(8))
        schedule.from = hostile();
    if (once_in(8))
        schedule.to = hostile();
    if (once_in(16))
        schedule.kind = any();
    if (once_in(8))
        schedule.steps = any();
    return schedule;
}

int schedule_is_wrong(rb_schedule schedule) {
    if (schedule.kind > RB_SCHEDULE_EXPONENTIAL || !is_rate(schedule.from))
        return 1;
    return schedule.kind != RB_SCHEDULE_CONSTANT && !is_rate(schedule.to);
}

/* Settings that are allowed. */
static settings mild_settings(kind kind, size_t length) {
    settings it;
    memset(&it, 0, sizeof it);
    switch (kind) {
    case BALL:
        it.ball = once_in(2) ? rb_ball_default() : rb_ball_fine_tuning(1 + below(50));
        it.ball.footpoint = below(3);
        it.ball.iterations = 1 + below(3);
        if (it.ball.footpoint == RB_FOOTPOINT_CONTACT)
            it.ball.iterations -= 1;
        it.ball.centre_step = below(3);
        it.ball.armijo.trials = 1 + below(5);
        it.ball.roll_back = below(2);
        break;
    case CONTACT_BALL:
        it.ball = once_in(2) ? rb_ball_default() : rb_ball_fine_tuning(1 + below(50));
        it.ball.roll_back = below(2);
        break;
    case ENTROPY_SGD:
        it.entropy_sgd = rb_entropy_sgd_default();
        it.entropy_sgd.moves = 1 + below(4);
        it.entropy_sgd.noise = once_in(2) ? 0.01f : 0.0f;
        it.entropy_sgd.roll_back = below(2);
        break;
    case ZEROTH_ORDER_BALL:
        it.zeroth_order_ball =
            rb_zeroth_order_ball_shrinking(0.5f + 0.4f * usual(), length, 1 + below(50));
        break;
    case SGD:
        it.sgd = rb_sgd_default();
        it.sgd.momentum = once_in(2) ? 0.9f : 0.0f;
        it.sgd.nesterov = below(2);
        it.sgd.line_search = it.sgd.momentum == 0.0f && once_in(2);
        if (!it.sgd.line_search)
            it.sgd.measure_every = 1 + below(3);
        it.sgd.roll_back = below(2);
        break;
    case ADAM:
        it.adam = rb_adam_default();
        it.adam.weight_decay = once_in(2) ? 0.01f : 0.0f;
        it.adam.roll_back = below(2);
        break;
    default:
        it.sam = rb_sam_default();
        it.sam.roll_back = below(2);
    }
    return it;
}

static size_t size(kind kind) {
    static const size_t sizes[] = {sizeof(rb_ball_config), sizeof(rb_ball_config),
                                   sizeof(rb_sgd_config), sizeof(rb_adam_config),
                                   sizeof(rb_sam_config), sizeof(rb_entropy_sgd_config),
                                   sizeof(rb_zeroth_order_ball_config)};
    return sizes[kind];
}

settings random_settings(kind kind, size_t length, int *mild) {
    settings it = mild_settings(kind, length);
    /* Every field takes four bytes, but for a length of theta, which would have to be true. */
    size_t from = kind == ZEROTH_ORDER_BALL ? offsetof(rb_zeroth_order_ball_config, radius) : 0;
    size_t words = (size(kind) - from) / sizeof(uint32_t);
    uint32_t changes = once_in(3) ? 1 + below(3) : 0;
    *mild = changes == 0;
    for (; changes > 0; changes--) {
        float value = hostile();
        uint32_t word = any();
        unsigned char *place = (unsigned char *)&it + from + 4 * below((uint32_t)words);
        if (once_in(2))
            memcpy(place, &value, sizeof value);
        else
            memcpy(place, &word, sizeof word);
    }
    return it;
}

static int is_fraction(float value) {
    return value >= 0.0f && value < 1.0f;
}

static int armijo_is_wrong(rb_armijo armijo) {
    return !is_fraction(armijo.decrease) || !(armijo.shrink > 0.0f && armijo.shrink < 1.0f) ||
           !(armijo.growth >= 1.0f && isfinite(armijo.growth)) || armijo.trials == 0;
}

static int ball_is_wrong(const rb_ball_config *ball) {
    int by_steps = ball->footpoint == RB_FOOTPOINT_GRADIENT_DESCENT;
    int by_gauss_newton = ball->footpoint == RB_FOOTPOINT_GAUSS_NEWTON;
    if (ball->roll_back > 1 || ball->footpoint > 2 || ball->centre_step > 2)
        return 1;
    if (schedule_is_wrong(ball->radius) || schedule_is_wrong(ball->learning_rate))
        return 1;
    if (!(ball->loss_scale > 0.0f && isfinite(ball->loss_scale)))
        return 1;
    if ((by_steps || by_gauss_newton) && ball->iterations == 0)
        return 1;
    if (by_steps && !(ball->projection_step > 0.0f && isfinite(ball->projection_step)))
        return 1;
    if (by_gauss_newton && !is_fraction(ball->tolerance))
        return 1;
    return ball->centre_step == RB_CENTRE_STEP_ARMIJO && armijo_is_wrong(ball->armijo);
}

static int sgd_is_wrong(const rb_sgd_config *sgd) {
    if (sgd->roll_back > 1 || sgd->nesterov > 1 || sgd->line_search > 1)
        return 1;
    if (schedule_is_wrong(sgd->learning_rate) || !is_fraction(sgd->momentum))
        return 1;
    if (sgd->measure_every == 0)
        return 1;
    return sgd->line_search &&
           (sgd->momentum > 0.0f || sgd->measure_every > 1 || armijo_is_wrong(sgd->armijo));
}

static int adam_is_wrong(const rb_adam_config *adam) {
    return adam->roll_back > 1 || schedule_is_wrong(adam->learning_rate) ||
           !is_fraction(adam->beta1) || !is_fraction(adam->beta2) ||
           !(adam->epsilon > 0.0f && isfinite(adam->epsilon)) || !is_rate(adam->weight_decay);
}

static int entropy_sgd_is_wrong(const rb_entropy_sgd_config *walk) {
    return walk->roll_back > 1 || schedule_is_wrong(walk->learning_rate) ||
           schedule_is_wrong(walk->walk_rate) || schedule_is_wrong(walk->pull) ||
           !(walk->newest > 0.0f && walk->newest <= 1.0f) || !is_rate(walk->noise) ||
           walk->moves == 0;
}

int settings_are_wrong(kind kind, const settings *it) {
    switch (kind) {
    case BALL:
        return ball_is_wrong(&it->ball);
    case CONTACT_BALL:
        return ball_is_wrong(&it->ball) || it->ball.footpoint != RB_FOOTPOINT_CONTACT ||
               it->ball.iterations != 0 || it->ball.centre_step != RB_CENTRE_STEP_ARC_LENGTH;
    case SGD:
        return sgd_is_wrong(&it->sgd);
    case ADAM:
        return adam_is_wrong(&it->adam);
    case ENTROPY_SGD:
        return entropy_sgd_is_wrong(&it->entropy_sgd);
    case ZEROTH_ORDER_BALL:
        return schedule_is_wrong(it->zeroth_order_ball.radius) ||
               schedule_is_wrong(it->zeroth_order_ball.learning_rate);
    default:
        return it->sam.roll_back > 1 || schedule_is_wrong(it->sam.learning_rate) ||
               schedule_is_wrong(it->sam.radius);
    }
}

size_t vectors(kind kind, const settings *it) {
    static const size_t counts[] = {RB_BALL_VECTORS, RB_BALL_VECTORS, RB_SGD_VECTORS,
                                    RB_ADAM_VECTORS, RB_SAM_VECTORS, RB_ENTROPY_SGD_VECTORS, 0};
    return kind == SGD && it->sgd.momentum > 0.0f ? RB_MOMENTUM_VECTORS : counts[kind];
}
