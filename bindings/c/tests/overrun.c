/* Tells the library that a buffer is longer than it is. The library cannot see that, and writes
 * past the end: what watches the random calls must notice, or it would notice nothing there
 * either. */

#include "rolling_ball.h"
#include <stdlib.h>

enum { N = 4 };

int main(void) {
    static rb_optimizer optimizer;
    static float theta[N];
    rb_adam_config config = rb_adam_default();
    float *workspace = malloc((RB_ADAM_VECTORS * N - 1) * sizeof *workspace);
    rb_error error = rb_adam_init(&optimizer, &config, theta, N, workspace, RB_ADAM_VECTORS * N);
    free(workspace);
    return error != RB_ERROR_NONE;
}
