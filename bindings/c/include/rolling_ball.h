/* The C interface of rolling-ball: fine-tuning on a microcontroller, by ask and tell.
 *
 * Made by cbindgen from bindings/c/src; do not edit. C99 and C++11.
 *
 * An optimizer asks for the loss or the gradient at theta, and the caller answers:
 *
 *     static rb_optimizer optimizer;
 *     static float theta[N], workspace[RB_BALL_VECTORS * N];
 *
 *     rb_ball_config config = rb_ball_fine_tuning(STEPS);
 *     rb_error error = rb_ball_init(&optimizer, &config, theta, N, workspace, RB_BALL_VECTORS * N);
 *     rb_request request;
 *     for (error = rb_begin(&optimizer, &request); !error && request != RB_REQUEST_DONE;) {
 *         if (request == RB_REQUEST_GRADIENT) {
 *             ... write the gradient at theta to rb_gradient(&optimizer) ...
 *             error = rb_tell_gradient(&optimizer, loss, &request);
 *         } else {
 *             error = rb_tell_loss(&optimizer, loss, &request);
 *         }
 *     }
 *
 * What holds for every function:
 * - Lengths are in elements, not bytes. Buffers stay the caller's; nothing is allocated, freed or called back.
 * - A pointer that is null or misaligned, a wrong length, an object that was not initialised, an answer out of turn
 *   give an error code. A pointer to memory that is not there, too short, or in use by another call cannot be seen.
 * - An object on which no init function was called must have a defined content, so that it is recognised: a static has,
 *   a local needs `= {{0}}`.
 * - Arithmetic is IEEE-754 single precision in one written order: the same bits on every core. For the caller's own
 *   part of a loss to have them too, compile it with -ffp-contract=off.
 */

#ifndef ROLLING_BALL_H
#define ROLLING_BALL_H

#include <stddef.h>
#include <stdint.h>
/* Parameters of a dense layer: its weights, then its biases. */
#define RB_DENSE_PARAMETERS(inputs, outputs) ((inputs) * (outputs) + (outputs))


/**
 * Vectors of Adam's workspace, each as long as theta.
 */
#define RB_ADAM_VECTORS 3

/**
 * Vectors of the ball's workspace, each as long as theta.
 */
#define RB_BALL_VECTORS 2

/**
 * The centre descends the dilated loss, with the gradient taken at the contact. Cost a step: `iterations` + 1
 * gradient evaluations; with 0 the contact lags one step behind, with 1 it is found anew from the centre.
 */
#define RB_FOOTPOINT_CONTACT 0

/**
 * The nearest point of the graph, by Gauss-Newton in at most `iterations` moves, until the predicted decrease is
 * below `tolerance` of the distance. Cost: a gradient and at least one loss an iteration.
 */
#define RB_FOOTPOINT_GAUSS_NEWTON 1

/**
 * The paper's solver: `iterations` gradient steps of size `projection_step`. Cost: as many gradients.
 */
#define RB_FOOTPOINT_GRADIENT_DESCENT 2

/**
 * The centre moves by the learning rate times the gradient.
 */
#define RB_CENTRE_STEP_PLAIN 0

/**
 * Arc length on the graph: never longer than the learning rate over the loss scale.
 */
#define RB_CENTRE_STEP_ARC_LENGTH 1

/**
 * A line search on the loss finds the rate, by the settings in `armijo`.
 */
#define RB_CENTRE_STEP_ARMIJO 2

/**
 * Size of an rb_optimizer, in words of 8 bytes.
 */
#define RB_OPTIMIZER_WORDS 80

/**
 * Vectors of SAM's workspace, each as long as theta.
 */
#define RB_SAM_VECTORS 2

/**
 * The same value, `from`, at every step.
 */
#define RB_SCHEDULE_CONSTANT 0

/**
 * From `from` to `to` on a straight line.
 */
#define RB_SCHEDULE_LINEAR 1

/**
 * From `from` to `to` on half a cosine wave.
 */
#define RB_SCHEDULE_COSINE 2

/**
 * From `from` to `to` by the same factor each step; `to` must be above 0.
 */
#define RB_SCHEDULE_EXPONENTIAL 3

/**
 * Vectors of the workspace of gradient descent without momentum, each as long as theta.
 */
#define RB_SGD_VECTORS 1

/**
 * Vectors of the workspace of gradient descent with momentum, each as long as theta.
 */
#define RB_MOMENTUM_VECTORS 2

/**
 * What a function answers. After an error nothing is half-written.
 */
enum rb_error
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * No error.
     */
    RB_ERROR_NONE = 0,
    /**
     * A pointer is null.
     */
    RB_ERROR_NULL = 1,
    /**
     * A pointer is not aligned for what it points to.
     */
    RB_ERROR_MISALIGNED = 2,
    /**
     * The optimizer has not been initialised, or its initialisation failed.
     */
    RB_ERROR_NOT_INITIALISED = 3,
    /**
     * The optimizer is of another kind than the function is for.
     */
    RB_ERROR_KIND = 4,
    /**
     * Two buffers overlap.
     */
    RB_ERROR_OVERLAP = 5,
    /**
     * A length is not the one that is needed.
     */
    RB_ERROR_LENGTH = 6,
    /**
     * A setting is out of its range.
     */
    RB_ERROR_SETTING = 7,
    /**
     * The parameters hold a NaN or an infinity, or their norm overflows. Nothing was changed.
     */
    RB_ERROR_NON_FINITE_PARAMETERS = 8,
    /**
     * A loss is NaN or infinite. Theta is at the last point whose loss was finite; where roll_back is off, at
     * the point where the loss was asked for.
     */
    RB_ERROR_NON_FINITE_LOSS = 9,
    /**
     * The gradient holds a NaN or an infinity, or its norm overflows. Theta is at the last point whose loss was
     * finite.
     */
    RB_ERROR_NON_FINITE_GRADIENT = 10,
    /**
     * The step would overflow: the learning rate is too large for this gradient. Theta is at the point that was
     * evaluated last.
     */
    RB_ERROR_NON_FINITE_UPDATE = 11,
    /**
     * Every output of the network is NaN.
     */
    RB_ERROR_NON_FINITE_OUTPUT = 12,
    /**
     * The optimizer was told something that it had not asked for. The step goes on with the right answer.
     */
    RB_ERROR_UNEXPECTED_ANSWER = 13,
    /**
     * A label is not one of the classes.
     */
    RB_ERROR_CLASS = 14,
    /**
     * The widths describe no network: fewer than two, one that is zero, or more parameters than fit in memory.
     */
    RB_ERROR_NETWORK = 15,
    /**
     * An error that this version of the interface has no code for.
     */
    RB_ERROR_OTHER = 16,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum rb_error rb_error;
#else
typedef uint32_t rb_error;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What the optimizer needs next.
 */
enum rb_request
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The step is done; theta is the new point. rb_report tells about it.
     */
    RB_REQUEST_DONE = 0,
    /**
     * Evaluate the loss at theta, then call rb_tell_loss. Cost: 1/3 of a gradient evaluation.
     */
    RB_REQUEST_LOSS = 1,
    /**
     * Evaluate the loss and its gradient at theta, write the gradient to rb_gradient, then call
     * rb_tell_gradient. When the request before was a loss at this same theta, its forward pass may be
     * used again. Cost: 1.
     */
    RB_REQUEST_GRADIENT = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum rb_request rb_request;
#else
typedef uint32_t rb_request;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a step ended.
 */
enum rb_outcome
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The footpoint met its tolerance. Steps without an inner iteration always end so.
     */
    RB_OUTCOME_CONVERGED = 0,
    /**
     * The footpoint's iterations were used up.
     */
    RB_OUTCOME_ITERATION_LIMIT = 1,
    /**
     * No trial of a line search decreased its function; theta is where the search started, up to rounding.
     */
    RB_OUTCOME_STALLED = 2,
    /**
     * The projection ended further from the displaced centre than it started: its step is too large.
     */
    RB_OUTCOME_DIVERGED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum rb_outcome rb_outcome;
#else
typedef uint32_t rb_outcome;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A value by step: `from` at step 0, `to` at step `steps` and after. For a rule of your own, set the value
 * before each step (rb_ball_set_radius, rb_ball_set_learning_rate).
 */
typedef struct rb_schedule {
    /**
     * RB_SCHEDULE_CONSTANT, _LINEAR, _COSINE or _EXPONENTIAL.
     */
    uint32_t kind;
    /**
     * Value at step 0; above 0.
     */
    float from;
    /**
     * Value at step `steps` and after; 0 or above. Not read of a constant.
     */
    float to;
    /**
     * Number of steps. Not read of a constant.
     */
    uint32_t steps;
} rb_schedule;

/**
 * Settings of Adam. Start from rb_adam_default and change what you need.
 */
typedef struct rb_adam_config {
    /**
     * Learning rate.
     */
    struct rb_schedule learning_rate;
    /**
     * Decay of the mean of the gradient, 0 up to below 1.
     */
    float beta1;
    /**
     * Decay of the mean of the squared gradient, 0 up to below 1.
     */
    float beta2;
    /**
     * Added to the root of the second moment; above 0.
     */
    float epsilon;
    /**
     * Decoupled weight decay: above 0 it is AdamW.
     */
    float weight_decay;
    /**
     * 1: the new point's loss is evaluated so that one that is not finite is rolled back exactly, at one loss (1/3
     * gradient evaluation) a step. 0: not.
     */
    uint32_t roll_back;
} rb_adam_config;

/**
 * An optimizer. Its memory is the caller's: a static, or a local that starts as `{{0}}`. Its content is the
 * library's own. It holds no pointer to itself, so it may be copied, as long as only one copy goes on.
 *
 * No function of this header may be called on an optimizer while another one runs on it (from an interrupt or
 * another thread).
 */
typedef struct rb_optimizer {
    uint64_t opaque[RB_OPTIMIZER_WORDS];
} rb_optimizer;

/**
 * Chooses the learning rate by trial: the first trial is `growth` times the rate that the last step accepted; each
 * rejected one multiplies it by `shrink`. A trial is accepted when the loss falls by at least
 * `decrease * rate * |gradient|^2`. Cost: one loss (1/3 gradient evaluation) a trial.
 */
typedef struct rb_armijo {
    /**
     * The part of the predicted decrease that is demanded; 0 up to below 1.
     */
    float decrease;
    /**
     * The factor after a rejected trial; above 0 and below 1.
     */
    float shrink;
    /**
     * The factor from the last step's rate to the first trial; at least 1.
     */
    float growth;
    /**
     * Trials before the step is given up as stalled; at least 1.
     */
    uint32_t trials;
} rb_armijo;

/**
 * Settings of the rolling ball. Start from rb_ball_default or rb_ball_fine_tuning and change what you need.
 */
typedef struct rb_ball_config {
    /**
     * Radius of the ball: the scale at which it sees the loss. At a constant radius the ball does not come to rest in
     * a valley that it does not fit into; let the radius shrink to end there.
     */
    struct rb_schedule radius;
    /**
     * Learning rate of the centre; multiplies the gradient of the loss itself, whatever the loss scale.
     */
    struct rb_schedule learning_rate;
    /**
     * Factor on the loss before the ball rolls on its graph; above 0.
     */
    float loss_scale;
    /**
     * How the new contact is found: RB_FOOTPOINT_...
     */
    uint32_t footpoint;
    /**
     * RB_FOOTPOINT_CONTACT: how often the contact is found anew. The others: moves at most, at least 1.
     */
    uint32_t iterations;
    /**
     * RB_FOOTPOINT_GRADIENT_DESCENT: step size of the projection; above 0.
     */
    float projection_step;
    /**
     * RB_FOOTPOINT_GAUSS_NEWTON: the relative decrease at which it ends; 0 up to below 1.
     */
    float tolerance;
    /**
     * How far the centre moves: RB_CENTRE_STEP_...
     */
    uint32_t centre_step;
    /**
     * RB_CENTRE_STEP_ARMIJO: the line search.
     */
    struct rb_armijo armijo;
    /**
     * 1: each new point's loss is evaluated before its predecessor is forgotten, so that one that is not finite is
     * rolled back exactly, at one loss (1/3 gradient evaluation) a move. 0: not.
     */
    uint32_t roll_back;
} rb_ball_config;

/**
 * A multilayer perceptron: dense layers with rectifiers between them. All memory is the caller's, and stays in place
 * while the description is used.
 *
 * Parameters: for each dense layer its weights, row by row (a row an output, as long as the layer's input), then its
 * biases; RB_DENSE_PARAMETERS(inputs, outputs) floats a layer. Scratch: twice the hidden widths and once the
 * outputs, in floats.
 */
typedef struct rb_mlp {
    /**
     * The widths: inputs, hidden layers, outputs. None may be zero.
     */
    const uint32_t *widths;
    /**
     * How many widths: at least 2.
     */
    size_t count;
    /**
     * The parameters; in flash they may be, or the theta of an optimizer.
     */
    const float *theta;
    /**
     * Length of theta: rb_mlp_parameters.
     */
    size_t parameters;
    /**
     * Activations of one sample. May overlap nothing else.
     */
    float *scratch;
    /**
     * Length of the scratch: rb_mlp_scratch.
     */
    size_t scratch_length;
} rb_mlp;

/**
 * One step in numbers. What the step did not compute is NaN.
 */
typedef struct rb_step_report {
    /**
     * The index of the step, from 0.
     */
    uint32_t step;
    /**
     * The loss where the step started.
     */
    float loss_before;
    /**
     * The loss at the new theta; NaN where the step did not evaluate it.
     */
    float loss_after;
    /**
     * Norm of the gradient where the step started.
     */
    float gradient_norm;
    /**
     * Norm of theta where the step started.
     */
    float parameter_norm;
    /**
     * How far theta moved.
     */
    float absolute_update;
    /**
     * The learning rate that was used, after arc length or line search.
     */
    float learning_rate;
    /**
     * Gradients that the step asked for.
     */
    uint32_t gradients;
    /**
     * Losses alone that the step asked for.
     */
    uint32_t losses;
    /**
     * Moves of the footpoint search; 0 in the forms without one.
     */
    uint32_t footpoint_iterations;
    /**
     * Half the squared distance from the displaced centre to the graph; NaN in the forms without a search.
     */
    float footpoint_distance;
    /**
     * Norm of that distance's gradient; NaN in the forms without a search.
     */
    float footpoint_residual;
    /**
     * How far the ball's centre is from where the contact's normal would put it; NaN where unknown.
     */
    float contact_gap;
    /**
     * How the step ended.
     */
    rb_outcome outcome;
} rb_step_report;

/**
 * A text of `length` bytes at `start`, without a zero at its end: `printf("%.*s", (int)length, start)`.
 * Empty (null) where there is nothing to say.
 */
typedef struct rb_text {
    /**
     * The first byte, or null.
     */
    const char *start;
    /**
     * How many bytes.
     */
    size_t length;
} rb_text;

/**
 * The details of an optimizer's last error; what does not apply is empty or 0.
 */
typedef struct rb_error_detail {
    /**
     * The code.
     */
    rb_error error;
    /**
     * RB_ERROR_SETTING: which setting. RB_ERROR_LENGTH: which buffer.
     */
    struct rb_text what;
    /**
     * RB_ERROR_SETTING: the values it may have. RB_ERROR_UNEXPECTED_ANSWER: what was waited for.
     */
    struct rb_text expected;
    /**
     * RB_ERROR_SETTING: the value it has.
     */
    float value;
    /**
     * RB_ERROR_LENGTH: the length it must have, in elements.
     */
    size_t expected_length;
    /**
     * RB_ERROR_LENGTH: the length it has, in elements.
     */
    size_t actual_length;
} rb_error_detail;

/**
 * Settings of SAM. Start from rb_sam_default and change what you need.
 */
typedef struct rb_sam_config {
    /**
     * Learning rate.
     */
    struct rb_schedule learning_rate;
    /**
     * Radius of the neighbourhood whose worst loss is descended.
     */
    struct rb_schedule radius;
    /**
     * 1: the new point's loss is evaluated so that one that is not finite is rolled back exactly, at one loss (1/3
     * gradient evaluation) a step. 0: not.
     */
    uint32_t roll_back;
} rb_sam_config;

/**
 * Settings of gradient descent. Start from rb_sgd_default and change what you need.
 */
typedef struct rb_sgd_config {
    /**
     * Learning rate.
     */
    struct rb_schedule learning_rate;
    /**
     * Momentum, 0 up to below 1.
     */
    float momentum;
    /**
     * 1: the gradient looks ahead (Nesterov). 0: not.
     */
    uint32_t nesterov;
    /**
     * 1: a line search finds the rate, by the settings in `armijo`; not together with momentum. 0: not.
     */
    uint32_t line_search;
    /**
     * The line search.
     */
    struct rb_armijo armijo;
    /**
     * 1: the new point's loss is evaluated so that one that is not finite is rolled back exactly, at one loss (1/3
     * gradient evaluation) a step. 0: not.
     */
    uint32_t roll_back;
} rb_sgd_config;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Adam with the settings of its paper.
 */
struct rb_adam_config rb_adam_default(void);

/**
 * Makes `*optimizer` Adam over the caller's buffers, which stay the caller's and must outlive it: theta, `parameters`
 * floats; the workspace, RB_ADAM_VECTORS times as many.
 *
 * Errors: as rb_ball_init. Cost: one pass over the moments, which start at zero.
 */
rb_error rb_adam_init(struct rb_optimizer *optimizer,
                      const struct rb_adam_config *config,
                      float *theta,
                      size_t parameters,
                      float *workspace,
                      size_t workspace_length);

/**
 * The form that serves fine-tuning best at equal cost, at a constant radius and a constant learning rate.
 */
struct rb_ball_config rb_ball_default(void);

/**
 * For fine-tuning a network in about this many steps: the default with a radius and a learning rate that do well
 * where nobody tunes them, shrinking to nothing together.
 */
struct rb_ball_config rb_ball_fine_tuning(uint32_t steps);

/**
 * The default with a radius and a learning rate that shrink to nothing together, on half a cosine.
 */
struct rb_ball_config rb_ball_shrinking(float radius, float learning_rate, uint32_t steps);

/**
 * Makes `*optimizer` a rolling ball over the caller's buffers, which stay the caller's and must outlive it: theta,
 * `parameters` floats; the workspace, RB_BALL_VECTORS times as many, whose content does not matter.
 *
 * Errors: RB_ERROR_SETTING, RB_ERROR_LENGTH (rb_last_error says which), RB_ERROR_OVERLAP where theta and workspace
 * overlap. Cost: none.
 */
rb_error rb_ball_init(struct rb_optimizer *optimizer,
                      const struct rb_ball_config *config,
                      float *theta,
                      size_t parameters,
                      float *workspace,
                      size_t workspace_length);

/**
 * Sets the ball's radius from the next step on.
 *
 * Errors: RB_ERROR_SETTING; the radius is unchanged. RB_ERROR_KIND where the optimizer is not a ball.
 */
rb_error rb_ball_set_radius(struct rb_optimizer *optimizer,
                            struct rb_schedule radius);

/**
 * Sets the ball's learning rate from the next step on.
 *
 * Errors: as rb_ball_set_radius.
 */
rb_error rb_ball_set_learning_rate(struct rb_optimizer *optimizer,
                                   struct rb_schedule learning_rate);

/**
 * The parameters of the ball's centre, for those who deploy the centre and not the contact theta. They are written
 * over the gradient's buffer, as long as theta, and `*centre` points to them until the next step.
 *
 * Errors: RB_ERROR_UNEXPECTED_ANSWER while a step is in progress, RB_ERROR_KIND where the optimizer is not a
 * ball. Cost: one pass over theta and the workspace.
 */
rb_error rb_ball_centre(struct rb_optimizer *optimizer,
                        const float **centre);

/**
 * A sentence that says what an error code means, in English, terminated by a zero byte, for ever valid.
 * Any number is allowed. Cost: a table look-up; a program that does not call it does not hold the texts.
 */
const char *rb_error_string(uint32_t error);

/**
 * Number of parameters of the network; 0 where the description is not one. Of the description only widths and
 * count are read.
 */
size_t rb_mlp_parameters(const struct rb_mlp *network);

/**
 * Floats of scratch that the network needs; 0 where the description is not one. Of the description only widths and
 * count are read.
 */
size_t rb_mlp_scratch(const struct rb_mlp *network);

/**
 * Computes the output for one input: `*output` then points to it, into the scratch, valid until the next call with
 * this scratch.
 *
 * Errors: RB_ERROR_NETWORK, RB_ERROR_LENGTH where theta, scratch or input is not as long as the widths say,
 * RB_ERROR_OVERLAP. Cost: one forward pass, a multiply-add a weight.
 */
rb_error rb_mlp_predict(const struct rb_mlp *network,
                        const float *input,
                        size_t inputs,
                        const float **output);

/**
 * Finds the class of one input: `*label` is the index of the largest output.
 *
 * Errors: as rb_mlp_predict, and RB_ERROR_NON_FINITE_OUTPUT where every output is NaN. Cost: one forward pass.
 */
rb_error rb_mlp_classify(const struct rb_mlp *network,
                         const float *input,
                         size_t inputs,
                         uint32_t *label);

/**
 * One sample's softmax cross-entropy against the class `label`: adds `weight` times the loss to `*loss`, and `weight`
 * times its gradient to `gradient`, which is as long as theta; where `gradient` is null, only the loss.
 *
 * The mean over a batch: clear `*loss` and the gradient, then call this for each sample with the weight 1 / samples.
 * In the order of the samples it gives the same bits as the Rust network.
 *
 * Errors: as rb_mlp_predict, and RB_ERROR_CLASS where the label is not below the number of outputs; nothing was
 * added. Cost: one forward pass, and a backward pass of twice that where there is a gradient.
 */
rb_error rb_mlp_cross_entropy(const struct rb_mlp *network,
                              const float *input,
                              size_t inputs,
                              uint32_t label,
                              float weight,
                              float *gradient,
                              float *loss);

/**
 * One sample's mean squared error against `target`, which is as long as the output: adds as
 * rb_mlp_cross_entropy does.
 *
 * Errors: as rb_mlp_predict; nothing was added. Cost: as rb_mlp_cross_entropy.
 */
rb_error rb_mlp_squared_error(const struct rb_mlp *network,
                              const float *input,
                              size_t inputs,
                              const float *target,
                              size_t targets,
                              float weight,
                              float *gradient,
                              float *loss);

/**
 * `output[i] = values[i] * scale + offset`, `length` of them: a sensor's bytes as floats. In C the same line may
 * become one fused operation with other bits.
 */
rb_error rb_dequantize(const uint8_t *values,
                       size_t length,
                       float scale,
                       float offset,
                       float *output);

/**
 * Starts a step at theta and says in `*request` what to evaluate first: always the gradient.
 *
 * Between the calls of a step theta holds the point to evaluate, and must not be changed; between steps it may be.
 *
 * Errors: RB_ERROR_UNEXPECTED_ANSWER while a step is in progress, RB_ERROR_SETTING where a schedule gives a value out
 * of range. Theta and `*request` are then unchanged. Cost: the values of the schedules.
 */
rb_error rb_begin(struct rb_optimizer *optimizer,
                  rb_request *request);

/**
 * Answers RB_REQUEST_LOSS with the loss at theta, and says in `*request` what comes next.
 *
 * Errors: RB_ERROR_UNEXPECTED_ANSWER where no loss was asked for; the step then goes on with the right answer.
 * RB_ERROR_NON_FINITE_...: the step is over, theta is where the code says, and rb_begin starts anew.
 * `*request` is then unchanged. Cost: one pass over theta and the workspace at most.
 */
rb_error rb_tell_loss(struct rb_optimizer *optimizer,
                      float loss,
                      rb_request *request);

/**
 * Answers RB_REQUEST_GRADIENT: the loss at theta is `loss`, its gradient is in rb_gradient. Says in
 * `*request` what comes next.
 *
 * Errors: as rb_tell_loss. Cost: some passes over theta and the workspace.
 */
rb_error rb_tell_gradient(struct rb_optimizer *optimizer, float loss, rb_request *request);

/**
 * Where the gradient is to be written, as many floats as theta has; the same address at every step (the start of the
 * workspace). NULL where the optimizer is not initialised. Between a tell and the next request for a gradient its
 * content is the optimizer's own.
 */
float *rb_gradient(const struct rb_optimizer *optimizer);

/**
 * Gives up the step in progress; theta stays where it is.
 */
rb_error rb_abandon(struct rb_optimizer *optimizer);

/**
 * Writes how many steps are done.
 */
rb_error rb_steps(struct rb_optimizer *optimizer, uint32_t *steps);

/**
 * Writes the last finished step in numbers; zeros where none is finished.
 */
rb_error rb_report(const struct rb_optimizer *optimizer, struct rb_step_report *report);

/**
 * Writes the details of the last error that an init function or a function of this optimizer met in its
 * arguments or answers; RB_ERROR_NONE where none did. Null, misaligned and overlapping pointers are not recorded.
 */
rb_error rb_last_error(const struct rb_optimizer *optimizer,
                       struct rb_error_detail *detail);

/**
 * SAM at a constant learning rate and radius.
 */
struct rb_sam_config rb_sam_default(void);

/**
 * Makes `*optimizer` SAM over the caller's buffers, which stay the caller's and must outlive it: theta, `parameters`
 * floats; the workspace, RB_SAM_VECTORS times as many. A step costs two gradient evaluations.
 *
 * Errors: as rb_ball_init. Cost: none.
 */
rb_error rb_sam_init(struct rb_optimizer *optimizer,
                     const struct rb_sam_config *config,
                     float *theta,
                     size_t parameters,
                     float *workspace,
                     size_t workspace_length);

/**
 * The same value at every step.
 */
struct rb_schedule rb_constant(float value);

/**
 * From `from` to `to` on half a cosine wave in `steps` steps.
 */
struct rb_schedule rb_cosine(float from, float to, uint32_t steps);

/**
 * Plain gradient descent at a constant learning rate.
 */
struct rb_sgd_config rb_sgd_default(void);

/**
 * Makes `*optimizer` gradient descent over the caller's buffers, which stay the caller's and must outlive it: theta,
 * `parameters` floats; the workspace, RB_SGD_VECTORS times as many, or RB_MOMENTUM_VECTORS times where
 * momentum is above 0.
 *
 * Errors: as rb_ball_init. Cost: one pass over the velocity, which starts at zero.
 */
rb_error rb_sgd_init(struct rb_optimizer *optimizer,
                     const struct rb_sgd_config *config,
                     float *theta,
                     size_t parameters,
                     float *workspace,
                     size_t workspace_length);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ROLLING_BALL_H */
