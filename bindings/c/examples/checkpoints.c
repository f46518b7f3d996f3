/* Trains, saves each step to a flash that loses its power in the middle of a save, and resumes: the
 * parameters end as they would have without. The flash is in RAM here; on a device the three
 * functions are the driver's. */

#include "rolling_ball.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 100, STEPS = 20, ERASE = 1024, WRITE = 8, SIZE = 4 * ERASE };

static const float goal = 0.5f;
static float theta[N], workspace[RB_BALL_VECTORS * N];
static rb_optimizer ball;

typedef struct {
    uint8_t bytes[SIZE];
    int writes_left; /* before the power fails; below zero it does not */
} memory;

static int read_flash(void *context, uint32_t offset, uint8_t *bytes, size_t length) {
    memcpy(bytes, ((memory *)context)->bytes + offset, length);
    return 0;
}

static int write_flash(void *context, uint32_t offset, const uint8_t *bytes, size_t length) {
    memory *flash = (memory *)context;
    if (flash->writes_left == 0) {
        memcpy(flash->bytes + offset, bytes, length / 2);
        return 1;
    }
    if (flash->writes_left > 0)
        flash->writes_left--;
    memcpy(flash->bytes + offset, bytes, length);
    return 0;
}

static int erase_flash(void *context, uint32_t from, uint32_t to) {
    memset(((memory *)context)->bytes + from, 0xff, to - from);
    return 0;
}

static memory in_ram = {{0}, -1};
static const rb_flash flash = {&in_ram, read_flash, write_flash, erase_flash, 1, WRITE, ERASE, 0,
                               SIZE};

static void check(rb_error error) {
    if (error) {
        fprintf(stderr, "%s\n", rb_error_string(error));
        exit(1);
    }
}

/* What a boot does: theta as it was deployed, an optimizer with the firmware's settings, and then
 * what was saved. */
static uint32_t boot(void) {
    rb_ball_config config = rb_ball_fine_tuning(STEPS);
    uint32_t steps;
    for (int i = 0; i < N; i++)
        theta[i] = 0.01f * (float)i;
    check(rb_ball_init(&ball, &config, theta, N, workspace, RB_BALL_VECTORS * N));
    rb_error error = rb_resume(&flash, &ball);
    if (error != RB_ERROR_NO_CHECKPOINT)
        check(error);
    check(rb_steps(&ball, &steps));
    return steps;
}

static float evaluate(float *gradient) {
    float loss = 0.0f;
    for (int i = 0; i < N; i++) {
        float difference = theta[i] - goal;
        loss += 0.5f * difference * difference;
        if (gradient)
            gradient[i] = difference;
    }
    return loss;
}

static void step(void) {
    rb_request request;
    check(rb_begin(&ball, &request));
    while (request != RB_REQUEST_DONE) {
        if (request == RB_REQUEST_GRADIENT)
            check(rb_tell_gradient(&ball, evaluate(rb_gradient(&ball)), &request));
        else
            check(rb_tell_loss(&ball, evaluate(NULL), &request));
    }
}

int main(void) {
    float uncut[N], deployed[N];
    for (uint32_t done = boot(); done < STEPS; done++)
        step();
    memcpy(uncut, theta, sizeof theta);

    int cuts = 0;
    for (uint32_t done = boot(); done < STEPS;) {
        step();
        if (done == 7 * (uint32_t)(cuts + 1) && cuts < 2)
            in_ram.writes_left = 2 + 2 * cuts; /* in theta, and in what makes it valid */
        rb_error error = rb_save(&flash, &ball);
        if (error == RB_ERROR_FLASH) {
            cuts++;
            in_ram.writes_left = -1;
            done = boot(); /* from the checkpoint before */
        } else {
            check(error);
            done++;
        }
    }
    check(rb_resume_theta(&flash, deployed, N));
    int equal = !memcmp(deployed, uncut, sizeof uncut);
    printf("cut %d times in a save; theta is %s\n", cuts, equal ? "the same" : "another");

    check(rb_save_theta(&flash, uncut, N));
    check(rb_resume_theta(&flash, deployed, N));
    rb_error refused = rb_resume(&flash, &ball);
    printf("an optimizer, from theta alone: %s\n", rb_error_string(refused));
    return equal && cuts == 2 && refused == RB_ERROR_KIND ? 0 : 1;
}
