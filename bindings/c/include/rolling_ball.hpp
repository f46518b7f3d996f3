/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The ball and perceptrons of rolling_ball.h as classes that own their memory: C++17, without
 * exceptions, allocation or a library of their own. Make them static: they are as large as what
 * they hold.
 *
 *     static rolling_ball::Ball<PARAMETERS> ball;
 *     static rolling_ball::Network<16, 3> tail; // widths
 *
 *     rb_error error = ball.start(rb_ball_fine_tuning(STEPS));
 *     error = ball.step([](const float *theta, float *gradient, float &loss) {
 *         return tail.cross_entropy(theta, input, label, weight, gradient, loss); // and so on
 *     });
 */

#ifndef ROLLING_BALL_HPP
#define ROLLING_BALL_HPP

#include "rolling_ball.h"

namespace rolling_ball {

/* A ball of the form that the presets have, with theta and its workspace. It stays where it is: it
 * is neither copied nor moved, so RB_ERROR_MOVED cannot be. */
template <size_t Parameters> class Ball {
  public:
    static constexpr size_t PARAMETERS = Parameters;

    Ball() = default;
    Ball(const Ball &) = delete;
    Ball &operator=(const Ball &) = delete;

    /* The parameters: yours to write between steps. */
    float theta[Parameters] = {};

    [[nodiscard]] rb_error start(const rb_ball_config &config) {
        return rb_contact_ball_init(&optimizer, &config, theta, Parameters, workspace,
                                    RB_BALL_VECTORS * Parameters);
    }

    /* Makes a step. `evaluate(theta, gradient, loss)` answers an rb_error, and adds to the loss,
     * and to the gradient unless that is null; both are 0 before. An error of its own ends the
     * step. */
    template <typename Evaluate> [[nodiscard]] rb_error step(Evaluate &&evaluate) {
        rb_request request = RB_REQUEST_DONE;
        rb_error error = rb_begin(&optimizer, &request);
        while (!error && request != RB_REQUEST_DONE) {
            bool slope = request == RB_REQUEST_GRADIENT;
            float *gradient = slope ? rb_gradient(&optimizer) : nullptr, loss = 0.0f;
            for (size_t i = 0; slope && i < Parameters; i++)
                gradient[i] = 0.0f;
            error = evaluate(static_cast<const float *>(theta), gradient, loss);
            if (error) {
                rb_error abandoned = rb_abandon(&optimizer);
                return abandoned ? abandoned : error;
            }
            error = slope ? rb_tell_gradient(&optimizer, loss, &request)
                          : rb_tell_loss(&optimizer, loss, &request);
        }
        return error;
    }

    [[nodiscard]] rb_error save(const rb_flash &flash) { return rb_save(&flash, &optimizer); }
    [[nodiscard]] rb_error resume(const rb_flash &flash) { return rb_resume(&flash, &optimizer); }
    [[nodiscard]] rb_error steps(uint32_t &done) { return rb_steps(&optimizer, &done); }
    [[nodiscard]] rb_error report(rb_step_report &to) const { return rb_report(&optimizer, &to); }
    [[nodiscard]] rb_error last_error(rb_error_detail &to) const {
        return rb_last_error(&optimizer, &to);
    }

    /* For the functions of rolling_ball.h that are not here. */
    rb_optimizer *handle() { return &optimizer; }

  private:
    rb_optimizer optimizer = {};
    float workspace[RB_BALL_VECTORS * Parameters] = {};
};

/* A perceptron of these widths, with its scratch; theta is handed to each call. */
template <uint32_t Inputs, uint32_t... Others> class Network {
    static_assert(sizeof...(Others) > 0, "a network has an input and an output at least");
    static constexpr size_t COUNT = 1 + sizeof...(Others);
    static constexpr uint32_t WIDTHS[COUNT] = {Inputs, Others...};

    static constexpr size_t parameters() {
        size_t sum = 0;
        for (size_t i = 1; i < COUNT; i++)
            sum += RB_DENSE_PARAMETERS(size_t(WIDTHS[i - 1]), size_t(WIDTHS[i]));
        return sum;
    }
    static constexpr size_t scratch_length() {
        size_t sum = 0;
        for (size_t i = 1; i < COUNT; i++)
            sum += (i + 1 < COUNT ? 2 : 1) * size_t(WIDTHS[i]);
        return sum;
    }
    rb_mlp at(const float *theta) {
        return {WIDTHS, COUNT, theta, PARAMETERS, scratch, sizeof scratch / sizeof *scratch};
    }

    float scratch[scratch_length()] = {};

  public:
    static constexpr size_t PARAMETERS = parameters();
    static constexpr uint32_t OUTPUTS = WIDTHS[COUNT - 1];

    Network() = default;
    Network(const Network &) = delete;
    Network &operator=(const Network &) = delete;

    [[nodiscard]] rb_error classify(const float *theta, const float (&input)[Inputs],
                                    uint32_t &label) {
        rb_mlp network = at(theta);
        return rb_mlp_classify(&network, input, Inputs, &label);
    }

    /* `*output` is OUTPUTS numbers, which stay until the next call. */
    [[nodiscard]] rb_error predict(const float *theta, const float (&input)[Inputs],
                                   const float *&output) {
        rb_mlp network = at(theta);
        return rb_mlp_predict(&network, input, Inputs, &output);
    }

    [[nodiscard]] rb_error cross_entropy(const float *theta, const float (&input)[Inputs],
                                         uint32_t label, float weight, float *gradient,
                                         float &loss) {
        rb_mlp network = at(theta);
        return rb_mlp_cross_entropy(&network, input, Inputs, label, weight, gradient, &loss);
    }

    [[nodiscard]] rb_error squared_error(const float *theta, const float (&input)[Inputs],
                                         const float (&target)[OUTPUTS], float weight,
                                         float *gradient, float &loss) {
        rb_mlp network = at(theta);
        return rb_mlp_squared_error(&network, input, Inputs, target, OUTPUTS, weight, gradient,
                                    &loss);
    }
};

} // namespace rolling_ball

#endif
