/* Minimises |theta - (1, -2)|^2 / 2: the whole protocol, without a callback. */

#include "rolling_ball.h"
#include <stdio.h>
#include <stdlib.h>

enum { N = 2, STEPS = 100 };

static const float goal[N] = {1.0f, -2.0f};
static float theta[N], workspace[RB_BALL_VECTORS * N];
static rb_optimizer ball;

static void check(rb_error error) {
    if (error) {
        rb_error_detail detail;
        fprintf(stderr, "%s\n", rb_error_string(error));
        if (!rb_last_error(&ball, &detail) && detail.error == RB_ERROR_SETTING)
            fprintf(stderr, "%.*s: expected %.*s, got %g\n", (int)detail.what.length,
                    detail.what.start, (int)detail.expected.length, detail.expected.start,
                    (double)detail.value);
        exit(1);
    }
}

static float loss(void) {
    float sum = 0.0f;
    for (int i = 0; i < N; i++)
        sum += (theta[i] - goal[i]) * (theta[i] - goal[i]) / 2.0f;
    return sum;
}

int main(void) {
    rb_ball_config config = rb_ball_fine_tuning(STEPS);
    check(rb_ball_init(&ball, &config, theta, N, workspace, RB_BALL_VECTORS * N));
    for (int step = 0; step < STEPS; step++) {
        rb_request request;
        check(rb_begin(&ball, &request));
        while (request != RB_REQUEST_DONE) {
            if (request == RB_REQUEST_GRADIENT) {
                float *gradient = rb_gradient(&ball);
                for (int i = 0; i < N; i++)
                    gradient[i] = theta[i] - goal[i];
                check(rb_tell_gradient(&ball, loss(), &request));
            } else {
                check(rb_tell_loss(&ball, loss(), &request));
            }
        }
        if (step % 20 == 0) {
            rb_step_report report;
            check(rb_report(&ball, &report));
            printf("step %2u: loss %.6f, moved by %.6f\n", (unsigned)report.step,
                   (double)report.loss_before, (double)report.absolute_update);
        }
    }
    printf("theta: %.4f %.4f\n", (double)theta[0], (double)theta[1]);
    return loss() < 1e-3f ? 0 : 1;
}
