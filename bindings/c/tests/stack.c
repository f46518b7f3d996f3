/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * How deep the stack is below each call, on an emulated Cortex-M4F: `cargo xtask c` prints it. */

#include "board.h"
#include "rolling_ball.h"

enum { INPUTS = 16, CLASSES = 3, PAINT = 0x5a5a5a5a, FLASH_BYTES = 8192, ERASE_BYTES = 2048 };
enum { PARAMETERS = RB_DENSE_PARAMETERS(INPUTS, CLASSES) };

/* From the linker script. */
extern uint32_t bss_end[];

static rb_optimizer optimizer;
static float theta[PARAMETERS], workspace[RB_ADAM_VECTORS * PARAMETERS], scratch[CLASSES];
static float input[INPUTS], features[CLASSES], loss;
static const int8_t bytes[INPUTS];
static const uint32_t widths[] = {INPUTS, CLASSES};
static const rb_mlp network = {widths, 2, theta, PARAMETERS, scratch, CLASSES};
static rb_ball_config ball;
static rb_sgd_config sgd;
static rb_adam_config adam;
static rb_request request;
static rb_step_report report;
static rb_error_detail detail;
static uint32_t label;
static uint8_t in_flash[FLASH_BYTES];

static int32_t flash_read(void *context, uint32_t offset, uint8_t *to, size_t length) {
    (void)context;
    for (size_t i = 0; i < length; i++)
        to[i] = in_flash[offset + i];
    return 0;
}

static int32_t flash_write(void *context, uint32_t offset, const uint8_t *from, size_t length) {
    (void)context;
    for (size_t i = 0; i < length; i++)
        in_flash[offset + i] = from[i];
    return 0;
}

static int32_t flash_erase(void *context, uint32_t from, uint32_t to) {
    (void)context;
    for (uint32_t i = from; i < to; i++)
        in_flash[i] = 0xff;
    return 0;
}

static const rb_flash flash = {NULL, flash_read, flash_write, flash_erase,
                               1,    8,          ERASE_BYTES, 0,
                               FLASH_BYTES};

/* The calls, in an order in which each of them succeeds. */
#define CALLS(CALL)                                                                                \
    CALL(rb_adam_init(&optimizer, &adam, theta, PARAMETERS, workspace,                             \
                      RB_ADAM_VECTORS * PARAMETERS))                                               \
    CALL(rb_sgd_init(&optimizer, &sgd, theta, PARAMETERS, workspace, PARAMETERS))                  \
    CALL(rb_ball_init(&optimizer, &ball, theta, PARAMETERS, workspace,                             \
                      RB_BALL_VECTORS * PARAMETERS))                                               \
    CALL(rb_ball_clip_norm(&optimizer, 1.0f))                                                      \
    CALL(rb_contact_ball_init(&optimizer, &ball, theta, PARAMETERS, workspace,                     \
                              RB_BALL_VECTORS * PARAMETERS))                                       \
    CALL(rb_rebind(&optimizer, theta, PARAMETERS, workspace, RB_BALL_VECTORS * PARAMETERS))        \
    CALL(rb_begin(&optimizer, &request))                                                           \
    CALL(rb_mlp_cross_entropy(&network, input, INPUTS, 1, 1.0f, rb_gradient(&optimizer), &loss))   \
    CALL(rb_tell_gradient(&optimizer, loss, &request))                                             \
    CALL(rb_tell_loss(&optimizer, loss, &request))                                                 \
    CALL(rb_report(&optimizer, &report))                                                           \
    CALL(rb_last_error(&optimizer, &detail))                                                       \
    CALL(rb_save(&flash, &optimizer))                                                              \
    CALL(rb_resume(&flash, &optimizer))                                                            \
    CALL(rb_save_theta(&flash, theta, PARAMETERS))                                                 \
    CALL(rb_resume_theta(&flash, theta, PARAMETERS))                                               \
    CALL(rb_mlp_classify(&network, input, INPUTS, &label))                                         \
    CALL(rb_mlp_features(&network, input, INPUTS, features))                                       \
    CALL(rb_mlp_check(&network, INPUTS, &detail))                                                  \
    CALL(rb_dequantize_int8(bytes, INPUTS, 0.5f, 3, input))

#define COUNT(call) +1
enum { COUNTED = 0 CALLS(COUNT) };

#define NAME(call) #call,
static const char *const names[] = {CALLS(NAME)};

static volatile uintptr_t entered;

static __attribute__((noinline)) rb_error make(int which) {
    int index = 0;
    entered = (uintptr_t)__builtin_frame_address(0);
#define MAKE(call)                                                                                 \
    if (which == index++)                                                                          \
        return call;
    CALLS(MAKE)
    return RB_ERROR_OTHER;
}

static __attribute__((noinline)) void paint(void) {
    volatile uint32_t *end = (uint32_t *)__builtin_frame_address(0) - 16;
    for (volatile uint32_t *word = bss_end; word < end; word++)
        *word = PAINT;
}

int main(void) {
    ball = rb_ball_fine_tuning(10);
    sgd = rb_sgd_default();
    adam = rb_adam_default();
    for (int i = 0; i < FLASH_BYTES; i++)
        in_flash[i] = 0xff;
    for (int which = 0; which < COUNTED; which++) {
        paint();
        rb_error error = make(which);
        const volatile uint32_t *word = bss_end;
        while (*word == PAINT)
            word++;
        char name[32];
        int length = 0;
        for (const char *from = names[which]; *from != '(' && length < 31; from++)
            name[length++] = *from;
        name[length] = 0;
        print("%s %u\n", name, (uint32_t)(entered - (uintptr_t)word));
        if (error) {
            print("%s\n", rb_error_string(error));
            return 1;
        }
    }
    return 0;
}
