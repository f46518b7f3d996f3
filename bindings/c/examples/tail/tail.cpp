/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * tail.c with the classes of rolling_ball.hpp: the same bits. */

extern "C" {
#include "board.h"
}
#include "rolling_ball.hpp"

namespace {

constexpr uint32_t FEATURES = 16, CLASSES = 3, SAMPLES = 30, OTHERS = 60, STEPS = 40;
constexpr float SCALE = 0.05f;
constexpr int8_t ZERO = -12;

rolling_ball::Network<FEATURES, CLASSES> tail;
rolling_ball::Ball<tail.PARAMETERS> ball;
int8_t kept[SAMPLES][FEATURES];

void check(rb_error error) {
    if (error)
        board_fail(rb_error_string(error));
}

uint32_t class_of(uint32_t sample) { return sample * 7 % CLASSES; }

/* Stands in for the engine. */
void engine(uint32_t sample, int8_t (&features)[FEATURES]) {
    static const int8_t usual[CLASSES][4] = {{20, -25, 10, -5}, {-15, 20, 5, 15}, {5, 0, -25, -10}};
    uint32_t state = sample * 2654435761u + 1, i = 0;
    for (int8_t &feature : features) {
        state = state * 1664525u + 1013904223u;
        int noise = static_cast<int>(state >> 26) - 32;
        feature = static_cast<int8_t>(usual[class_of(sample)][i++ % 4] + noise);
    }
}

rb_error evaluate(const float *theta, float *gradient, float &loss) {
    float features[FEATURES];
    for (uint32_t i = 0; i < SAMPLES; i++) {
        check(rb_dequantize_int8(kept[i], FEATURES, SCALE, ZERO, features));
        if (rb_error error = tail.cross_entropy(theta, features, class_of(i), 1.0f / SAMPLES,
                                                gradient, loss))
            return error;
    }
    return RB_ERROR_NONE;
}

uint32_t right() {
    uint32_t sum = 0;
    for (uint32_t i = SAMPLES; i < SAMPLES + OTHERS; i++) {
        int8_t bytes[FEATURES];
        float features[FEATURES];
        uint32_t label = 0;
        engine(i, bytes);
        check(rb_dequantize_int8(bytes, FEATURES, SCALE, ZERO, features));
        check(tail.classify(ball.theta, features, label));
        sum += label == class_of(i);
    }
    return sum;
}

/* FNV-1a of theta's bits. */
uint32_t hash() {
    const unsigned char *bytes = reinterpret_cast<const unsigned char *>(ball.theta);
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < sizeof ball.theta; i++)
        sum = (sum ^ bytes[i]) * 16777619u;
    return sum;
}

} // namespace

int main() {
    uint32_t done = 0;
    for (uint32_t i = 0; i < SAMPLES; i++)
        engine(i, kept[i]);
    check(ball.start(rb_ball_fine_tuning(STEPS)));
    rb_error resumed = ball.resume(board_flash);
    if (resumed != RB_ERROR_NO_CHECKPOINT)
        check(resumed);
    check(ball.steps(done));
    board_print(done ? "resumed after step " : "begun at step ", done);
    board_print("right of 60: ", right());
    while (done < STEPS) {
        check(ball.step(evaluate));
        if (++done == STEPS / 2) {
            check(ball.save(board_flash));
            board_print("saved after step ", done);
            board_reset();
        }
    }
    board_print("trained to step ", done);
    board_print("right of 60: ", right());
    board_print("hash of theta: ", hash());
    check(rb_erase_checkpoints(&board_flash));
    return 0;
}
