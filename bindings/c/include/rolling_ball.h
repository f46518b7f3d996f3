/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The C interface of rolling-ball: fine-tuning on a microcontroller, by ask and tell.
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
 * - Lengths are in elements, not bytes. Buffers belong to the caller: the library
 *   allocates nothing, frees nothing and calls nothing back, but for the functions of an rb_flash.
 * - A pointer that is null or misaligned, a wrong length, memory that is written and overlaps
 *   anything else of the same call, an object that is not initialised and an answer out of turn
 *   each give an error code. The library cannot see that a pointer leads to memory that does not
 *   exist, is too short, or is in use by another call.
 * - An object on which no init function was called must have a defined content, so that the library
 *   can recognise it: a static has one, a local needs `= {{0}}`. An object may be initialised again
 *   at any time. Where that fails it is not initialised, whatever it was before.
 * - Whatever answers an rb_error may be called from a thread or an interrupt, as no function has a
 *   static of its own: two calls may run at once, or one in the middle of another, where they have
 *   no object, no scratch and no array that is written in common. Two optimizers may so train at
 *   once. What infers while another thread trains has a theta and a scratch of its own: a copy that
 *   was made between two steps, when rb_begin was not called yet and theta is a point that was
 *   kept.
 * - A call ends after a time that the lengths decide: one pass over theta and the workspace for a
 *   turn of the protocol, one sample forward and backward for a loss, an erase and a write of a
 *   slot for rb_save. None waits for anything. On a Cortex-M4F a call takes up to 0.8 KB of stack,
 *   and one of checkpoints up to 2.7 KB, beside what the flash's functions take.
 * - Arithmetic is IEEE-754 single precision in one written order, so that every core gives the same
 *   bits. For the caller's own part of a loss to have them too, compile it with -ffp-contract=off.
 */

#ifndef ROLLING_BALL_H
#define ROLLING_BALL_H

#include <stddef.h>
#include <stdint.h>
/* A compiler that knows how warns where an rb_error is not looked at. */
#ifndef RB_NODISCARD
#if (defined(__cplusplus) && __cplusplus >= 201703L) || \
    (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#define RB_NODISCARD [[nodiscard]]
#elif defined(__GNUC__)
#define RB_NODISCARD __attribute__((warn_unused_result))
#else
#define RB_NODISCARD
#endif
#endif

/* Parameters of a dense layer: its weights, then its biases. */
#define RB_DENSE_PARAMETERS(inputs, outputs) ((inputs) * (outputs) + (outputs))


/**
 * How many vectors Adam's workspace has, each as long as theta.
 */
#define RB_ADAM_VECTORS 3

/**
 * How many vectors the ball's workspace has, each as long as theta.
 */
#define RB_BALL_VECTORS 2

/**
 * The centre descends the dilated loss, with the gradient taken at the contact. With `iterations`
 * 0 the contact lags one step behind; with 1 it is found anew from the centre. Cost:
 * `iterations` + 1 gradient evaluations a step.
 */
#define RB_FOOTPOINT_CONTACT 0

/**
 * The contact is the nearest point of the graph. Gauss-Newton finds it in at most `iterations`
 * moves, and ends earlier once the predicted decrease is below `tolerance` times the distance.
 * Cost: a gradient and at least one loss for each iteration.
 */
#define RB_FOOTPOINT_GAUSS_NEWTON 1

/**
 * The paper's solver, which makes `iterations` gradient steps of size `projection_step`. Cost: one
 * gradient for each of them.
 */
#define RB_FOOTPOINT_GRADIENT_DESCENT 2

/**
 * The centre moves by the learning rate times the gradient.
 */
#define RB_CENTRE_STEP_PLAIN 0

/**
 * The centre moves by an arc length on the graph: never further than the learning rate divided by
 * the loss scale.
 */
#define RB_CENTRE_STEP_ARC_LENGTH 1

/**
 * A line search on the loss finds the rate, with the settings in `armijo`.
 */
#define RB_CENTRE_STEP_ARMIJO 2

/**
 * How many vectors Entropy-SGD's workspace has, each as long as theta.
 */
#define RB_ENTROPY_SGD_VECTORS 3

/**
 * How many error codes there are: 0 to one less.
 */
#define RB_ERROR_CODES 28

/**
 * The size of an rb_fine_tuning, in words of 8 bytes.
 */
#define RB_FINE_TUNING_WORDS 100

/**
 * How many vectors a fine-tuning's workspace has, each as long as theta.
 */
#define RB_FINE_TUNING_VECTORS 2

/**
 * The size of an rb_fleet, in words of 8 bytes.
 */
#define RB_FLEET_WORDS 64

/**
 * The values are floats.
 */
#define RB_INPUT_FLOATS 0

/**
 * The values are bytes, which stand for `value * scale + offset`.
 */
#define RB_INPUT_BYTES 1

/**
 * The values are signed bytes, which stand for `(value - zero) * scale`.
 */
#define RB_INPUT_INT8 2

/**
 * The values are features that NAME_features has written, float or int8_t as its header says.
 */
#define RB_INPUT_KEPT 3

/**
 * The size of an rb_optimizer, in words of 8 bytes.
 */
#define RB_OPTIMIZER_WORDS 80

/**
 * How many vectors SAM's workspace has, each as long as theta.
 */
#define RB_SAM_VECTORS 2

/**
 * The value `from` at every step.
 */
#define RB_SCHEDULE_CONSTANT 0

/**
 * A straight line from `from` to `to`.
 */
#define RB_SCHEDULE_LINEAR 1

/**
 * Half a cosine wave from `from` to `to`.
 */
#define RB_SCHEDULE_COSINE 2

/**
 * The same factor at every step, from `from` to `to`; `to` must be above 0.
 */
#define RB_SCHEDULE_EXPONENTIAL 3

/**
 * How many vectors the workspace of gradient descent without momentum has, each as long as theta.
 */
#define RB_SGD_VECTORS 1

/**
 * How many vectors the workspace of gradient descent with momentum has, each as long as theta.
 */
#define RB_MOMENTUM_VECTORS 2

/**
 * The version of this header: 10000 for each major version, 100 for each minor one, and 1 for each
 * patch.
 */
#define RB_VERSION 100

/**
 * What a function returns. After an error nothing is half-written.
 */
enum rb_error
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * There was no error.
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
     * The optimizer was not initialised, or its initialisation failed.
     */
    RB_ERROR_NOT_INITIALISED = 3,
    /**
     * The function is for another kind of optimizer.
     */
    RB_ERROR_KIND = 4,
    /**
     * Two buffers overlap.
     */
    RB_ERROR_OVERLAP = 5,
    /**
     * A length is not the one that is required.
     */
    RB_ERROR_LENGTH = 6,
    /**
     * A setting is outside its range.
     */
    RB_ERROR_SETTING = 7,
    /**
     * The parameters hold a NaN or an infinity, or their norm overflows. Nothing was changed.
     */
    RB_ERROR_NON_FINITE_PARAMETERS = 8,
    /**
     * A loss is NaN or infinite. Theta is back at the last point whose loss was finite; where
     * roll_back is off, it stays at the point whose loss was asked for.
     */
    RB_ERROR_NON_FINITE_LOSS = 9,
    /**
     * The gradient holds a NaN or an infinity, or its norm overflows. Theta is back at the last
     * point whose loss was finite.
     */
    RB_ERROR_NON_FINITE_GRADIENT = 10,
    /**
     * The step would overflow: the learning rate is too large for this gradient. Theta is at the
     * point that was evaluated last.
     */
    RB_ERROR_NON_FINITE_UPDATE = 11,
    /**
     * Every output of the network is NaN.
     */
    RB_ERROR_NON_FINITE_OUTPUT = 12,
    /**
     * The optimizer was told something that it had not asked for. The step goes on once it is
     * given the right answer.
     */
    RB_ERROR_UNEXPECTED_ANSWER = 13,
    /**
     * A label is not one of the network's classes.
     */
    RB_ERROR_CLASS = 14,
    /**
     * The widths do not describe a network: there are fewer than two, one of them is zero, or the
     * parameters would not fit in memory.
     */
    RB_ERROR_NETWORK = 15,
    /**
     * An input is NaN or infinite, and an int8 network has no byte for it.
     */
    RB_ERROR_NON_FINITE_INPUT = 16,
    /**
     * There is no checkpoint.
     */
    RB_ERROR_NO_CHECKPOINT = 17,
    /**
     * The newest checkpoint has another version's layout, so the range is left alone.
     */
    RB_ERROR_VERSION = 18,
    /**
     * The flash answered that it failed.
     */
    RB_ERROR_FLASH = 19,
    /**
     * What was read back is not what was written: the flash is worn out, or something else writes
     * to the range.
     */
    RB_ERROR_NOT_KEPT = 20,
    /**
     * The flash failed while a good checkpoint was taken over: theta and the optimizer hold a part
     * of it.
     */
    RB_ERROR_HALF_RESUMED = 21,
    /**
     * An error for which this version of the interface has no code.
     */
    RB_ERROR_OTHER = 22,
    /**
     * There are fewer than two samples or groups to judge by, or none that counts.
     */
    RB_ERROR_NO_SAMPLES = 23,
    /**
     * The object was copied, moved or restored, and its buffers may have been too: rb_rebind, or
     * NAME_fine_tuning_rebind, binds it to where they are now. Nothing was changed.
     */
    RB_ERROR_MOVED = 24,
    /**
     * The program was compiled with a header of another version than the library, or its object
     * has another size. Nothing was written.
     */
    RB_ERROR_HEADER = 25,
    /**
     * The range of the flash has no room for two checkpoints, or for a fleet's rounds.
     */
    RB_ERROR_ROOM = 26,
    /**
     * The device is in no round, or not in this one.
     */
    RB_ERROR_NO_ROUND = 27,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum rb_error rb_error;
#else
typedef uint32_t rb_error;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How far a device is in its round.
 */
enum rb_fleet_stage
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It is in no round.
     */
    RB_FLEET_STAGE_IDLE = 0,
    /**
     * Theta comes.
     */
    RB_FLEET_STAGE_RECEIVING = 1,
    /**
     * Theta is there, and is to be trained: rb_fleet_start, and then rb_fleet_trained.
     */
    RB_FLEET_STAGE_TRAINING = 2,
    /**
     * The update may be asked for; theta must stay as it is.
     */
    RB_FLEET_STAGE_READY = 3,
    /**
     * The update has been counted, and the round is over.
     */
    RB_FLEET_STAGE_DONE = 4,
    /**
     * The training has failed, and there is no update.
     */
    RB_FLEET_STAGE_FAILED = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum rb_fleet_stage rb_fleet_stage;
#else
typedef uint32_t rb_fleet_stage;
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
     * Nothing: the step is done, and theta is the new point. rb_report tells more about it.
     */
    RB_REQUEST_DONE = 0,
    /**
     * Evaluate the loss at theta, then call rb_tell_loss. Cost: 1/3 of a gradient evaluation.
     */
    RB_REQUEST_LOSS = 1,
    /**
     * Evaluate the loss and its gradient at theta, write the gradient to rb_gradient, then call
     * rb_tell_gradient. When the request before was for a loss at this same theta, its forward
     * pass may be used again. Cost: one gradient evaluation.
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
     * The footpoint met its tolerance. Steps without an inner iteration always end like this.
     */
    RB_OUTCOME_CONVERGED = 0,
    /**
     * The footpoint's iterations were used up.
     */
    RB_OUTCOME_ITERATION_LIMIT = 1,
    /**
     * No trial of a line search decreased the function that it searches; theta is where the search
     * started, to the bit.
     */
    RB_OUTCOME_STALLED = 2,
    /**
     * The projection ended further from the displaced centre than it started, because its step is
     * too large.
     */
    RB_OUTCOME_DIVERGED = 3,
    /**
     * As RB_OUTCOME_STALLED, but theta is where the search started up to rounding only, and
     * loss_after is the loss there: a contact form of the ball with Armijo's rule has no vector
     * left to keep the start in.
     */
    RB_OUTCOME_STALLED_NEARBY = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum rb_outcome rb_outcome;
#else
typedef uint32_t rb_outcome;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why nothing was kept.
 */
enum rb_refusal
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Something was kept.
     */
    RB_REFUSAL_NONE = 0,
    /**
     * Held-out samples speak for the start.
     */
    RB_REFUSAL_START_IS_BETTER = 1,
    /**
     * More labels seem wrong than can be judged: at least 60 %.
     */
    RB_REFUSAL_WRONG_LABELS = 2,
    /**
     * Not one step could be made.
     */
    RB_REFUSAL_NO_STEP = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum rb_refusal rb_refusal;
#else
typedef uint32_t rb_refusal;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A value for each step: `from` at step 0, and `to` at step `steps` and after. For a rule of your
 * own, set the value before each step (rb_ball_set_radius, rb_ball_set_learning_rate).
 */
typedef struct rb_schedule {
    /**
     * One of RB_SCHEDULE_CONSTANT, _LINEAR, _COSINE and _EXPONENTIAL.
     */
    uint32_t kind;
    /**
     * The value at step 0; 0 or above, and above 0 where the schedule is exponential.
     */
    float from;
    /**
     * The value at step `steps` and after; 0 or above. A constant schedule does not read it.
     */
    float to;
    /**
     * The number of steps. A constant schedule does not read it.
     */
    uint32_t steps;
} rb_schedule;

/**
 * Settings of Adam. Start from rb_adam_default and change what you need.
 */
typedef struct rb_adam_config {
    /**
     * The learning rate.
     */
    struct rb_schedule learning_rate;
    /**
     * The decay of the running mean of the gradient; at least 0 and below 1.
     */
    float beta1;
    /**
     * The decay of the running mean of the squared gradient; at least 0 and below 1.
     */
    float beta2;
    /**
     * The number that is added to the root of the second moment; above 0.
     */
    float epsilon;
    /**
     * The decoupled weight decay; above 0, this is AdamW.
     */
    float weight_decay;
    /**
     * 1: the loss at the new point is evaluated, so that a step to a loss that is not finite is
     * rolled back exactly; this costs one loss (1/3 of a gradient evaluation) a step. 0: it is
     * not.
     */
    uint32_t roll_back;
} rb_adam_config;

/**
 * An optimizer. Its memory belongs to the caller: a static, or a local that starts as `{{0}}`. Its
 * content belongs to the library, and holds the addresses of theta and of the workspace. An object
 * that was copied, moved or restored from elsewhere is therefore refused by RB_ERROR_MOVED until
 * rb_rebind tells where its buffers are now.
 *
 * It holds the address of a function too, so an object that another build of the program has left
 * in memory must not be used: to outlive an update, save it by rb_save. Most are recognised, and
 * are RB_ERROR_NOT_INITIALISED: those of a library of another RB_VERSION, those of another size,
 * and those of a program that has rb_version at another address. What is not recognised is an
 * object of a build whose library has the same version and rb_version at the same address, and
 * other functions elsewhere: where memory outlives an update, clear it when the program changes.
 */
typedef struct rb_optimizer {
    uint64_t opaque[RB_OPTIMIZER_WORDS];
} rb_optimizer;

/**
 * A line search that chooses the learning rate by trial. The first trial is `growth` times the
 * rate that the last step accepted; each rejected trial multiplies it by `shrink`. A trial is
 * accepted when the loss falls by at least `decrease * rate * |gradient|^2`. Cost: one loss (1/3
 * of a gradient evaluation) for each trial.
 */
typedef struct rb_armijo {
    /**
     * The fraction of the predicted decrease that is demanded; at least 0 and below 1.
     */
    float decrease;
    /**
     * The factor on the rate after a rejected trial; above 0 and below 1.
     */
    float shrink;
    /**
     * The factor from the rate of the last step to the first trial; at least 1.
     */
    float growth;
    /**
     * How many trials are made before the step ends as stalled; at least 1.
     */
    uint32_t trials;
} rb_armijo;

/**
 * The settings of the rolling ball. Start from rb_ball_default or rb_ball_fine_tuning and change
 * what you need.
 */
typedef struct rb_ball_config {
    /**
     * The radius of the ball: the scale at which it sees the loss. At a constant radius the ball
     * does not come to rest in a valley that it does not fit into; let the radius shrink, and it
     * ends there.
     */
    struct rb_schedule radius;
    /**
     * The learning rate of the centre. It multiplies the gradient of the loss itself, whatever the
     * loss scale is.
     */
    struct rb_schedule learning_rate;
    /**
     * The factor on the loss before the ball rolls on its graph; above 0.
     */
    float loss_scale;
    /**
     * How the new contact is found: one of RB_FOOTPOINT_...
     */
    uint32_t footpoint;
    /**
     * For RB_FOOTPOINT_CONTACT: how often the contact is found anew. For the others: the most
     * moves that are made, at least 1.
     */
    uint32_t iterations;
    /**
     * For RB_FOOTPOINT_GRADIENT_DESCENT: the step size of the projection; above 0.
     */
    float projection_step;
    /**
     * For RB_FOOTPOINT_GAUSS_NEWTON: the relative decrease at which it ends; at least 0 and
     * below 1.
     */
    float tolerance;
    /**
     * How far the centre moves: one of RB_CENTRE_STEP_...
     */
    uint32_t centre_step;
    /**
     * For RB_CENTRE_STEP_ARMIJO: the settings of the line search.
     */
    struct rb_armijo armijo;
    /**
     * 1: the loss at each new point is evaluated before the point before it is forgotten, so that
     * a move to a loss that is not finite is rolled back exactly; this costs one loss (1/3 of a
     * gradient evaluation) a move. 0: it is not.
     */
    uint32_t roll_back;
} rb_ball_config;

/**
 * A range of a flash for checkpoints, and what drives it. Each function answers 0 where it has
 * succeeded, and anything else where it has not. None may call a function of this header on the
 * optimizer that is saved or resumed.
 */
typedef struct rb_flash {
    /**
     * Is handed to each of the functions: the driver's own, such as its registers.
     */
    void *context;
    /**
     * Reads `length` bytes from `offset` on. Both are multiples of the read size.
     */
    int32_t (*read)(void *context, uint32_t offset, uint8_t *bytes, size_t length);
    /**
     * Writes `length` bytes from `offset` on. Both are multiples of the write size, and the bytes
     * have been erased since they were last written.
     */
    int32_t (*write)(void *context, uint32_t offset, const uint8_t *bytes, size_t length);
    /**
     * Erases from the offset `from` up to `to`. Both are multiples of the erase size.
     */
    int32_t (*erase)(void *context, uint32_t from, uint32_t to);
    /**
     * Bytes of the smallest read and write: powers of two, at most 512.
     */
    uint32_t read_size;
    /**
     * The same of a write.
     */
    uint32_t write_size;
    /**
     * Bytes of the smallest erase: a multiple of the largest of the two and 64.
     */
    uint32_t erase_size;
    /**
     * Where the range begins: a multiple of the erase size. The range is for checkpoints alone.
     */
    uint32_t start;
    /**
     * Where it ends: a multiple too. It must have room for two checkpoints.
     */
    uint32_t end;
} rb_flash;

/**
 * The settings of Entropy-SGD. Start from rb_entropy_sgd_default and change what you need.
 */
typedef struct rb_entropy_sgd_config {
    /**
     * How much of the way from theta to the walk's mean a step goes.
     */
    struct rb_schedule learning_rate;
    /**
     * The learning rate of the walk.
     */
    struct rb_schedule walk_rate;
    /**
     * The moves of the walk, at least 1: the gradient evaluations of a step.
     */
    uint32_t moves;
    /**
     * How strongly the walk is pulled back to theta.
     */
    struct rb_schedule pull;
    /**
     * The weight of the newest point in the walk's mean; above 0 and at most 1.
     */
    float newest;
    /**
     * The standard deviation of the noise, in units of the root of the walk's rate; 0 for none.
     */
    float noise;
    /**
     * The seed of the noise. The same seed gives the same noise everywhere.
     */
    uint32_t seed;
    /**
     * 1: the loss at the new point is evaluated, so that a step to a loss that is not finite is
     * rolled back exactly; this costs one loss (1/3 of a gradient evaluation) a step. 0: it is
     * not.
     */
    uint32_t roll_back;
} rb_entropy_sgd_config;

/**
 * The settings of a fine-tuning, which nobody needs to change. Start from rb_fine_tuning_default.
 */
typedef struct rb_fine_tuning_config {
    /**
     * Steps of each of the five trainings without a fold.
     */
    uint32_t fold_steps;
    /**
     * Steps of the last training.
     */
    uint32_t steps;
    /**
     * How strongly theta is pulled to the start.
     */
    float pull;
    /**
     * How many samples a step sees; 0 for all of them.
     */
    uint32_t mini_batch;
    /**
     * Chooses the folds. One that is made of the samples lets a checkpoint tell others from them.
     */
    uint32_t seed;
} rb_fine_tuning_config;

/**
 * What is known of a labelled sample. Its content belongs to the library: rb_label_credibility
 * tells how credible the label is.
 */
typedef struct rb_credibility {
    uint32_t opaque[8];
} rb_credibility;

/**
 * A fine-tuning. Its memory belongs to the caller: a static, or a local that starts as `{{0}}`.
 * Its content belongs to the library, and holds the addresses of the arrays. One that was copied,
 * moved or restored from elsewhere is refused by RB_ERROR_MOVED until NAME_fine_tuning_rebind
 * tells where they are now. Of those that another build has left, the same are recognised as of an
 * rb_optimizer; save one by NAME_fine_tuning_save to outlive an update.
 */
typedef struct rb_fine_tuning {
    uint64_t opaque[RB_FINE_TUNING_WORDS];
} rb_fine_tuning;

/**
 * A text of `length` bytes at `start`, without a zero byte at its end; print it by
 * `printf("%.*s", (int)length, start)`. It is empty, with a null pointer, where there is nothing
 * to say.
 */
typedef struct rb_text {
    /**
     * The first byte of the text, or null.
     */
    const char *start;
    /**
     * The length of the text in bytes.
     */
    size_t length;
} rb_text;

/**
 * Why a call failed. Fields that do not apply are empty or 0.
 */
typedef struct rb_error_detail {
    /**
     * The error code.
     */
    rb_error error;
    /**
     * For RB_ERROR_SETTING: the name of the setting. For RB_ERROR_LENGTH and RB_ERROR_ROOM: the
     * name of the buffer.
     */
    struct rb_text what;
    /**
     * For RB_ERROR_SETTING: the values that are allowed. For RB_ERROR_UNEXPECTED_ANSWER: the
     * answer that was expected.
     */
    struct rb_text expected;
    /**
     * For RB_ERROR_SETTING: the value that was given.
     */
    float value;
    /**
     * For RB_ERROR_LENGTH: the length that the buffer must have, in elements. For RB_ERROR_ROOM:
     * the bytes that are needed.
     */
    size_t expected_length;
    /**
     * For RB_ERROR_LENGTH and RB_ERROR_ROOM: the length that it has.
     */
    size_t actual_length;
} rb_error_detail;

/**
 * A device of a fleet. Its memory belongs to the caller: a static, or a local that starts as
 * `{{0}}`. Its content belongs to the library. It holds no address but its own, which is not
 * looked at: it may be copied, and of two copies one is to be used.
 */
typedef struct rb_fleet {
    uint64_t opaque[RB_FLEET_WORDS];
} rb_fleet;

/**
 * What a device is.
 */
typedef struct rb_fleet_config {
    /**
     * A hash that tells the model from others, such as rb_fleet_model_hash makes. The devices of a
     * federation have the same.
     */
    uint32_t model;
    /**
     * The parameters that are trained.
     */
    uint32_t parameters;
    /**
     * The samples that it would learn from.
     */
    uint32_t samples;
    /**
     * The range of the checkpoints of the training, whose bounds are multiples of the erase size,
     * or two zeros. It is erased before a round begins.
     */
    uint32_t checkpoints_start;
    /**
     * The offset behind the last byte of that range.
     */
    uint32_t checkpoints_end;
} rb_fleet_config;

/**
 * Bytes to be sent: null and 0 where there are none. They stay until the next call on the device.
 */
typedef struct rb_fleet_frame {
    /**
     * The first of them, or null.
     */
    const uint8_t *start;
    /**
     * How many there are.
     */
    size_t length;
} rb_fleet_frame;

/**
 * What a device is to do in a round. All zeros where it is in none.
 */
typedef struct rb_fleet_round {
    /**
     * The federation.
     */
    uint32_t federation;
    /**
     * The round in it.
     */
    uint32_t round;
    /**
     * Chooses the samples of the first step, or the guard's folds.
     */
    uint32_t seed;
    /**
     * The steps to make.
     */
    uint32_t steps;
    /**
     * The samples of a step; 0 stands for all of them.
     */
    uint32_t batch;
    /**
     * The radius of the ball at the start.
     */
    float radius;
    /**
     * The learning rate at the start.
     */
    float learning_rate;
    /**
     * 1 where held-out samples are to say how much of the move to keep.
     */
    uint32_t guarded;
} rb_fleet_round;

/**
 * What a device tells of a round that it has trained.
 */
typedef struct rb_fleet_metrics {
    /**
     * The samples that it has learned from.
     */
    uint32_t samples;
    /**
     * How many of them the theta of the round's start answers with their label.
     */
    uint32_t correct_before;
    /**
     * How many the trained theta does.
     */
    uint32_t correct_after;
    /**
     * The mean loss over them with the theta of the round's start.
     */
    float loss_before;
    /**
     * The mean loss with the trained theta.
     */
    float loss_after;
    /**
     * How much of the move the guard has kept; 1 without a guard.
     */
    float kept;
    /**
     * The part of the labels that the guard finds wrong; 0 without a guard.
     */
    float wrong_labels;
    /**
     * The steps that were made.
     */
    uint32_t steps;
} rb_fleet_metrics;

/**
 * What an imported network sees of a sample. Make it by rb_floats, rb_bytes or rb_int8 of an
 * input, which is as long as the network's header says, or by NAME_kept of features. The values
 * stay where they are, such as in flash.
 */
typedef struct rb_input {
    /**
     * The first of the values.
     */
    const void *values;
    /**
     * One of RB_INPUT_...
     */
    uint32_t kind;
    /**
     * For RB_INPUT_BYTES and RB_INPUT_INT8: multiplies a byte.
     */
    float scale;
    /**
     * For RB_INPUT_BYTES: added after.
     */
    float offset;
    /**
     * For RB_INPUT_INT8: the byte that stands for 0.
     */
    int8_t zero;
} rb_input;

/**
 * A multilayer perceptron: dense layers with rectifiers between them. All its memory belongs to
 * the caller, and must stay in place while the description is used.
 *
 * The parameters are, for each dense layer, its weights row by row and then its biases:
 * RB_DENSE_PARAMETERS(inputs, outputs) floats a layer. A row belongs to one output and is as long
 * as the layer's input. The scratch takes twice the hidden widths and once the outputs, in floats.
 */
typedef struct rb_mlp {
    /**
     * The widths of the input, of the hidden layers and of the output. None may be zero.
     */
    const uint32_t *widths;
    /**
     * The number of widths, at least 2.
     */
    size_t count;
    /**
     * The parameters. They may be in flash, or be the theta of an optimizer.
     */
    const float *theta;
    /**
     * The length of theta, as rb_mlp_parameters gives it.
     */
    size_t parameters;
    /**
     * Room for the activations of one sample. It must not overlap anything else.
     */
    float *scratch;
    /**
     * The length of the scratch, at least what rb_mlp_scratch gives, of which no more is used.
     */
    size_t scratch_length;
} rb_mlp;

/**
 * The numbers of one step. What the step did not compute is NaN.
 */
typedef struct rb_step_report {
    /**
     * The index of the step, counted from 0.
     */
    uint32_t step;
    /**
     * How many steps in a row were refused just before this one.
     */
    uint32_t refused;
    /**
     * The loss where the step started.
     */
    float loss_before;
    /**
     * The loss at the new theta; NaN where the step did not evaluate it.
     */
    float loss_after;
    /**
     * The norm of the gradient where the step started; NaN where it was not measured, as this and
     * the next two are between the steps that rb_sgd_config.measure_every is about.
     */
    float gradient_norm;
    /**
     * The norm of theta where the step started; NaN where it was not measured.
     */
    float parameter_norm;
    /**
     * The distance that theta moved; NaN where it was not measured.
     */
    float absolute_update;
    /**
     * The learning rate that was used, after arc length or line search.
     */
    float learning_rate;
    /**
     * How many gradients the step asked for.
     */
    uint32_t gradients;
    /**
     * How many losses without a gradient the step asked for.
     */
    uint32_t losses;
    /**
     * How many moves the search for the footpoint made; 0 in the forms without a search.
     */
    uint32_t footpoint_iterations;
    /**
     * Half the squared distance from the displaced centre to the graph; NaN in the forms without a
     * search.
     */
    float footpoint_distance;
    /**
     * The norm of that distance's gradient; NaN in the forms without a search.
     */
    float footpoint_residual;
    /**
     * The distance between the ball's centre and where the normal at the contact would put it; NaN
     * where it is unknown.
     */
    float contact_gap;
    /**
     * How the step ended.
     */
    rb_outcome outcome;
} rb_step_report;

/**
 * The settings of SAM. Start from rb_sam_default and change what you need.
 */
typedef struct rb_sam_config {
    /**
     * The learning rate.
     */
    struct rb_schedule learning_rate;
    /**
     * The radius of the neighbourhood whose worst loss is descended.
     */
    struct rb_schedule radius;
    /**
     * 1: the loss at the new point is evaluated, so that a step to a loss that is not finite is
     * rolled back exactly; this costs one loss (1/3 of a gradient evaluation) a step. 0: it is
     * not.
     */
    uint32_t roll_back;
} rb_sam_config;

/**
 * The settings of gradient descent. Start from rb_sgd_default and change what you need.
 */
typedef struct rb_sgd_config {
    /**
     * The learning rate.
     */
    struct rb_schedule learning_rate;
    /**
     * The momentum; at least 0 and below 1.
     */
    float momentum;
    /**
     * 1: the gradient looks ahead, as Nesterov's does. 0: it does not.
     */
    uint32_t nesterov;
    /**
     * 1: a line search finds the rate, with the settings in `armijo`; this does not go together
     * with momentum. 0: it does not.
     */
    uint32_t line_search;
    /**
     * The settings of the line search.
     */
    struct rb_armijo armijo;
    /**
     * 1: the loss at the new point is evaluated, so that a step to a loss that is not finite is
     * rolled back exactly; this costs one loss (1/3 of a gradient evaluation) a step. 0: it is
     * not.
     */
    uint32_t roll_back;
    /**
     * Measures every so many steps, from the first on: 1 in each of them. The norms take a quarter
     * of a step of a small network on a Cortex-M4F.
     *
     * A step between them moves theta to the same bits, but looks at the loss alone: one that is
     * not finite is refused, and theta stays where it was. Its norms are NaN in the report, and it
     * is never rolled back. So a gradient that is not finite, or a move that overflows, goes into
     * theta, and cannot be undone. It is found by a loss that is not finite, or else by the next
     * step that measures (RB_ERROR_NON_FINITE_PARAMETERS); both leave theta as it is then. Keep a
     * copy of theta, such as a checkpoint, where it is more than 1.
     *
     * It must be 1 with a line search.
     */
    uint32_t measure_every;
} rb_sgd_config;

/**
 * The settings of the ball that needs losses only. Start from rb_zeroth_order_ball_shrinking.
 */
typedef struct rb_zeroth_order_ball_config {
    /**
     * How long theta is.
     */
    size_t parameters;
    /**
     * The radius, above 0, in theta's units.
     */
    struct rb_schedule radius;
    /**
     * How far a step goes, in radii, where the two losses differ as much as they usually do.
     */
    struct rb_schedule learning_rate;
    /**
     * The seed of the directions.
     */
    uint32_t seed;
} rb_zeroth_order_ball_config;

/**
 * Labelled samples, which stay where they are, such as in flash.
 */
typedef struct rb_samples {
    /**
     * The inputs one after another without a gap: rb_floats, rb_bytes or rb_int8 of all of them,
     * or NAME_kept of all their features.
     */
    struct rb_input inputs;
    /**
     * The class of each.
     */
    const uint8_t *labels;
    /**
     * The group of each, or null: samples of one group, such as clips of one recording, are held
     * out together, as they judge each other too kindly.
     */
    const uint32_t *groups;
    /**
     * How many there are.
     */
    size_t count;
} rb_samples;

/**
 * The arrays of a fine-tuning. They stay the caller's, must outlive it, and may be used between
 * its calls: the scratch for anything, the others to be read.
 */
typedef struct rb_fine_tuning_arrays {
    /**
     * What is learned from.
     */
    struct rb_samples samples;
    /**
     * Samples of the old task, which count in the judgement of what was learned; their groups do
     * not matter, and their count may be 0.
     */
    struct rb_samples old;
    /**
     * Where theta begins, and where it ends if nothing is kept: NAME_PARAMETERS floats, such as
     * NAME_theta in flash.
     */
    const float *start;
    /**
     * What is fine-tuned, of as many. Its content does not matter; an init function puts the start
     * there.
     */
    float *theta;
    /**
     * RB_FINE_TUNING_VECTORS times as many.
     */
    float *workspace;
    /**
     * NAME_SCRATCH floats.
     */
    float *scratch;
    /**
     * One for each of the samples. What they hold does not matter at first.
     */
    struct rb_credibility *credibilities;
} rb_fine_tuning_arrays;

/**
 * How far a fine-tuning is, and how it ended. Arrays are for the parts of the move that were
 * tried: 0 (the start), 1/4, 1/2, 3/4 and all of it.
 */
typedef struct rb_fine_tuning_report {
    /**
     * 1 when theta is what to deploy. Before, all fields but the next two are 0.
     */
    uint32_t done;
    /**
     * How many steps are done since it began.
     */
    uint32_t steps;
    /**
     * How many there are in all, by default 115.
     */
    uint32_t all_steps;
    /**
     * How much of the move was kept, from 0 to 1. At 0 theta is the start, to the bit.
     */
    float kept;
    /**
     * Why nothing was.
     */
    rb_refusal refusal;
    /**
     * The part of the labels that seem to be wrong.
     */
    float wrong_labels;
    /**
     * The probability that each part of the move is the one to keep.
     */
    float posterior[5];
    /**
     * How many samples there were.
     */
    uint32_t samples;
    /**
     * How many of them are answered with their label by a network that has not learned from them.
     */
    uint32_t agreeing[5];
    /**
     * How many samples of the old task there were.
     */
    uint32_t old_samples;
    /**
     * How many of them are answered with their label.
     */
    uint32_t old_agreeing[5];
    /**
     * How many gradients were evaluated, over all samples or mini-batches.
     */
    uint32_t gradients;
    /**
     * How many losses without a gradient.
     */
    uint32_t losses;
    /**
     * How often a sample was judged: a forward pass each.
     */
    uint32_t judgements;
} rb_fine_tuning_report;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The settings of Adam as its paper gives them.
 */
struct rb_adam_config rb_adam_default(void);

/**
 * Makes `*optimizer` an Adam over the caller's buffers, which stay the caller's and must outlive
 * it: theta, of `parameters` floats, and the workspace, of RB_ADAM_VECTORS times as many.
 *
 * Errors: the same as those of rb_ball_init. Cost: one pass over the workspace.
 */
RB_NODISCARD
rb_error rb_adam_init_sized(struct rb_optimizer *optimizer,
                            size_t size,
                            uint32_t version,
                            const struct rb_adam_config *config,
                            float *theta,
                            size_t parameters,
                            float *workspace,
                            size_t workspace_length);

/**
 * Clips the gradients that the Adam is told to the norm `largest`, from now on. It may be called
 * again with another norm. A checkpoint of a clipped optimizer is another than one of a plain one.
 *
 * Errors: RB_ERROR_SETTING where `largest` is not finite and above 0, RB_ERROR_KIND; nothing is
 * changed then. Cost: a pass over the gradient in each step, and another where it is clipped.
 */
RB_NODISCARD rb_error rb_adam_clip_norm(struct rb_optimizer *optimizer, float largest);

/**
 * The settings of the form that serves fine-tuning best at equal cost, with a constant radius and
 * a constant learning rate.
 */
struct rb_ball_config rb_ball_default(void);

/**
 * Settings for fine-tuning a network in about this many steps: the default form, with a radius and
 * a learning rate that do well untuned and shrink to nothing together.
 */
struct rb_ball_config rb_ball_fine_tuning(uint32_t steps);

/**
 * The default settings with a radius and a learning rate that shrink to nothing together, on half
 * a cosine.
 */
struct rb_ball_config rb_ball_shrinking(float radius, float learning_rate, uint32_t steps);

/**
 * Makes `*optimizer` a rolling ball over the caller's buffers, which stay the caller's and must
 * outlive it: theta, of `parameters` floats, and the workspace, of RB_BALL_VECTORS times as many,
 * whose content does not matter.
 *
 * Errors: RB_ERROR_SETTING and RB_ERROR_LENGTH, where rb_last_error says which setting or length
 * is meant; RB_ERROR_OVERLAP where theta, the workspace and the optimizer overlap. After any error
 * the optimizer is not initialised, whatever it was before, and the buffers are as they were.
 * Cost: one pass over the workspace, which starts at zero.
 */
RB_NODISCARD
rb_error rb_ball_init_sized(struct rb_optimizer *optimizer,
                            size_t size,
                            uint32_t version,
                            const struct rb_ball_config *config,
                            float *theta,
                            size_t parameters,
                            float *workspace,
                            size_t workspace_length);

/**
 * Makes `*optimizer` a ball of the form that the presets have, and no other: a contact that lags
 * one step behind, and an arc length. It is in all else what rb_ball_init makes, with the same
 * bits and the same checkpoints, and the functions for a ball take it, but for the one that clips
 * norms. A program that does not call rb_ball_init is without the other forms.
 *
 * Errors: those of rb_ball_init, and RB_ERROR_SETTING where the settings are of another form.
 */
RB_NODISCARD
rb_error rb_contact_ball_init_sized(struct rb_optimizer *optimizer,
                                    size_t size,
                                    uint32_t version,
                                    const struct rb_ball_config *config,
                                    float *theta,
                                    size_t parameters,
                                    float *workspace,
                                    size_t workspace_length);

/**
 * Sets the radius of the ball from the next step on.
 *
 * Errors: RB_ERROR_SETTING where the value is out of range, and the radius is then unchanged;
 * RB_ERROR_KIND where the optimizer is not a ball.
 */
RB_NODISCARD rb_error rb_ball_set_radius(struct rb_optimizer *optimizer, struct rb_schedule radius);

/**
 * Sets the learning rate of the ball from the next step on.
 *
 * Errors: the same as those of rb_ball_set_radius.
 */
RB_NODISCARD
rb_error rb_ball_set_learning_rate(struct rb_optimizer *optimizer,
                                   struct rb_schedule learning_rate);

/**
 * Gives the parameters of the ball's centre, for those who deploy the centre and not the contact
 * theta. They are written over the gradient's buffer and are as long as theta; `*centre` points to
 * them until the next step.
 *
 * Errors: RB_ERROR_UNEXPECTED_ANSWER while a step is in progress; RB_ERROR_KIND where the
 * optimizer is not a ball. Cost: one pass over theta and the workspace.
 */
RB_NODISCARD rb_error rb_ball_centre(struct rb_optimizer *optimizer, const float **centre);

/**
 * Clips the gradients that the ball is told to the norm `largest`, from now on. It may be called
 * again with another norm. A checkpoint of a clipped optimizer is another than one of a plain one.
 *
 * Errors: RB_ERROR_SETTING where `largest` is not finite and above 0, RB_ERROR_KIND; nothing is
 * changed then. Cost: a pass over the gradient in each step, and another where it is clipped.
 */
RB_NODISCARD rb_error rb_ball_clip_norm(struct rb_optimizer *optimizer, float largest);

/**
 * Does for what rb_contact_ball_init made what rb_ball_clip_norm does for the others.
 */
RB_NODISCARD rb_error rb_contact_ball_clip_norm(struct rb_optimizer *optimizer, float largest);

/**
 * Saves theta and the state of an optimizer between two steps, in the slot after the newest
 * checkpoint: a power failure at any time leaves that one as it was. A training that is cut and
 * resumed ends with the same bits as one that is not. The format is that of the Rust crate, whose
 * Checkpoints read and write the same images.
 *
 * A checkpoint takes 80 bytes (16 and the read or write size where that is more than 64), 4 for
 * each parameter, and 4 more for each vector that the optimizer carries on: the ball and momentum
 * one, Adam two; rounded up to erase blocks.
 *
 * Errors: RB_ERROR_NULL where a function of the flash is missing; RB_ERROR_UNEXPECTED_ANSWER
 * while a step is in progress; RB_ERROR_NON_FINITE_PARAMETERS; RB_ERROR_SETTING where the sizes or
 * the range of the flash are none that can be used; RB_ERROR_ROOM where the range has no room for
 * two checkpoints; RB_ERROR_VERSION. Nothing was written then. After RB_ERROR_FLASH and
 * RB_ERROR_NOT_KEPT the newest checkpoint that could be read is still there. rb_last_error has the
 * details. Cost: as long as the flash takes to erase and write a slot.
 */
RB_NODISCARD rb_error rb_save(const struct rb_flash *flash, struct rb_optimizer *optimizer);

/**
 * Takes the newest checkpoint that is whole back into theta and into the optimizer, which was
 * initialised before with the settings that it was saved with. rb_steps then tells how many steps
 * it had done.
 *
 * Errors: RB_ERROR_NO_CHECKPOINT where there is none, as at the first boot; RB_ERROR_KIND,
 * RB_ERROR_LENGTH and RB_ERROR_SETTING where it is of another optimizer, another theta or other
 * settings; RB_ERROR_FLASH where none was found and something could not be read;
 * RB_ERROR_VERSION, RB_ERROR_UNEXPECTED_ANSWER. Nothing was changed then. After
 * RB_ERROR_HALF_RESUMED, resume again, or start anew. rb_last_error has the details. Cost: the
 * checkpoint is read twice.
 */
RB_NODISCARD rb_error rb_resume(const struct rb_flash *flash, struct rb_optimizer *optimizer);

/**
 * Saves theta alone, of `parameters` floats, for a device whose training is over. rb_resume_theta
 * takes it back.
 *
 * Errors: those of rb_save that are not an optimizer's.
 */
RB_NODISCARD
rb_error rb_save_theta(const struct rb_flash *flash,
                       const float *theta,
                       size_t parameters);

/**
 * Takes theta alone from the newest checkpoint, whichever optimizer saved it and with whatever
 * settings: for a boot that only infers, or to go on with another optimizer.
 *
 * Errors: those of rb_resume that are not an optimizer's, and RB_ERROR_KIND where the checkpoint
 * is of a fine-tuning, whose theta is one on the way; theta is unchanged then, unless it is
 * RB_ERROR_HALF_RESUMED.
 */
RB_NODISCARD
rb_error rb_resume_theta(const struct rb_flash *flash,
                         float *theta,
                         size_t parameters);

/**
 * Erases the range, and with it every checkpoint.
 *
 * Errors: RB_ERROR_FLASH, where some may still be there; RB_ERROR_SETTING.
 */
RB_NODISCARD rb_error rb_erase_checkpoints(const struct rb_flash *flash);

/**
 * The settings of Entropy-SGD as its paper gives them, but for the rate of the walk.
 */
struct rb_entropy_sgd_config rb_entropy_sgd_default(void);

/**
 * Makes `*optimizer` an Entropy-SGD over the caller's buffers, which stay the caller's and must
 * outlive it: theta, of `parameters` floats, and the workspace, of RB_ENTROPY_SGD_VECTORS times as
 * many. Each step costs as many gradient evaluations as the walk has moves.
 *
 * Errors: the same as those of rb_ball_init. Cost: one pass over the workspace.
 */
RB_NODISCARD
rb_error rb_entropy_sgd_init_sized(struct rb_optimizer *optimizer,
                                   size_t size,
                                   uint32_t version,
                                   const struct rb_entropy_sgd_config *config,
                                   float *theta,
                                   size_t parameters,
                                   float *workspace,
                                   size_t workspace_length);

/**
 * Returns an English sentence that says what an error code means. It ends in a zero byte and stays
 * valid for ever. Any number is allowed as the code. Cost: a table look-up; a program that does
 * not call this function does not contain the texts.
 */
const char *rb_error_string(uint32_t error);

/**
 * Returns an English sentence that says why nothing was kept, which ends in a zero byte and stays
 * valid for ever. Any number is allowed.
 */
const char *rb_refusal_string(uint32_t refusal);

/**
 * The settings that docs/untuned.md measures.
 */
struct rb_fine_tuning_config rb_fine_tuning_default(void);

/**
 * Tells how credible the label of a sample is, from 0 to 1: the probability that it is right, by
 * what networks that did not learn from it say. It is 1 until that is known, and NaN where the
 * pointer is null or misaligned.
 */
float rb_label_credibility(const struct rb_credibility *credibility);

/**
 * Writes the details of what the last call on this fine-tuning answered, this function not
 * counted: RB_ERROR_NONE where it succeeded. After an init function that failed, it goes on to say
 * why.
 */
RB_NODISCARD
rb_error rb_fine_tuning_last_error(struct rb_fine_tuning *tuning,
                                   struct rb_error_detail *detail);

/**
 * The bytes of flash that a device needs, where an erase block has so many: two blocks, and three
 * times theta, each in whole blocks.
 */
uint64_t rb_fleet_bytes(uint32_t erase_size, uint32_t parameters);

/**
 * A hash that tells a model from others by all of it that does not change: its sizes, and
 * `frozen_bytes` bytes of what is frozen, such as a backbone; `frozen` may be null where there are
 * none. Writes it to `hash`.
 */
RB_NODISCARD
rb_error rb_fleet_model_hash(uint32_t inputs,
                             uint32_t outputs,
                             uint32_t parameters,
                             const void *frozen,
                             size_t frozen_bytes,
                             uint32_t *hash);

/**
 * Makes a device of a fleet, or goes on with the round that it was in before a reset. The range of
 * the flash is the fleet's alone, with rb_fleet_bytes of room; what it holds at first does not
 * matter. To read and to write, the flash has units of at most 128 bytes.
 *
 * Errors: RB_ERROR_NULL, RB_ERROR_MISALIGNED, RB_ERROR_HEADER, RB_ERROR_OVERLAP; RB_ERROR_SETTING
 * where the sizes or the range of the flash are none that can be used; RB_ERROR_ROOM. Cost: theta
 * and what is left of the last update are read once.
 */
RB_NODISCARD
rb_error rb_fleet_init_sized(struct rb_fleet *fleet,
                             size_t size,
                             uint32_t version,
                             const struct rb_flash *flash,
                             const struct rb_fleet_config *config);

/**
 * Takes a byte that came, and writes to `answer` what is to be sent, where something is. Theta, of
 * `parameters` floats, is looked at from RB_FLEET_STAGE_READY on, and must be the trained one
 * then. Between two steps of a training it is called as well, and the round may be another
 * afterwards.
 *
 * Errors: RB_ERROR_NULL, RB_ERROR_MISALIGNED, RB_ERROR_NOT_INITIALISED, RB_ERROR_OVERLAP. That the
 * flash fails is told to the gateway. Cost: mostly none; at the end of a frame a checksum of it,
 * and what the request asks of the flash, once a round to erase the range of theta.
 */
RB_NODISCARD
rb_error rb_fleet_hear(struct rb_fleet *fleet,
                       const struct rb_flash *flash,
                       const float *theta,
                       size_t parameters,
                       uint8_t byte,
                       struct rb_fleet_frame *answer);

/**
 * Tells how far a device is, and in which round.
 *
 * Errors: RB_ERROR_NULL, RB_ERROR_MISALIGNED, RB_ERROR_NOT_INITIALISED, RB_ERROR_OVERLAP.
 */
RB_NODISCARD
rb_error rb_fleet_look(struct rb_fleet *fleet,
                       rb_fleet_stage *stage,
                       struct rb_fleet_round *round);

/**
 * Reads the theta that the round starts from, of `parameters` floats.
 *
 * Errors: RB_ERROR_NO_ROUND where none has come; RB_ERROR_LENGTH; RB_ERROR_FLASH, after which
 * theta holds a part of it.
 */
RB_NODISCARD
rb_error rb_fleet_start(struct rb_fleet *fleet,
                        const struct rb_flash *flash,
                        float *theta,
                        size_t parameters);

/**
 * The theta of a round is trained, and stays as it is until rb_fleet_look tells another stage.
 *
 * Errors: RB_ERROR_NO_ROUND where this round is not to be trained, such as when another has begun
 * meanwhile; RB_ERROR_LENGTH; RB_ERROR_NON_FINITE_PARAMETERS. The stage stays as it is then. Cost:
 * a checksum of theta.
 */
RB_NODISCARD
rb_error rb_fleet_trained(struct rb_fleet *fleet,
                          const struct rb_fleet_round *round,
                          const float *theta,
                          size_t parameters,
                          const struct rb_fleet_metrics *metrics);

/**
 * The training of a round has failed: there is no update in it. Does nothing where that round is
 * not trained.
 */
RB_NODISCARD rb_error rb_fleet_give_up(struct rb_fleet *fleet, const struct rb_fleet_round *round);

/**
 * Says how many samples there are, which the gateway is told.
 */
RB_NODISCARD rb_error rb_fleet_set_samples(struct rb_fleet *fleet, uint32_t samples);

/**
 * Forgets all rounds, so that one of a lower number can begin: for who owns the device.
 *
 * Errors: RB_ERROR_FLASH, where something may still be there.
 */
RB_NODISCARD rb_error rb_fleet_forget(struct rb_fleet *fleet, const struct rb_flash *flash);

/**
 * An input of floats.
 */
struct rb_input rb_floats(const float *values);

/**
 * An input of bytes, which stand for `value * scale + offset`: a sensor's raw reading.
 */
struct rb_input rb_bytes(const uint8_t *values, float scale, float offset);

/**
 * An input of signed bytes, which stand for `(value - zero) * scale`, as TFLite's do.
 */
struct rb_input rb_int8(const int8_t *values, float scale, int8_t zero);

/**
 * Returns how many parameters the network has, or 0 where the description is not that of a
 * network. Only the fields widths and count are read.
 */
size_t rb_mlp_parameters(const struct rb_mlp *network);

/**
 * Returns how many floats of scratch the network needs, or 0 where the description is not that of
 * a network. Only the fields widths and count are read.
 */
size_t rb_mlp_scratch(const struct rb_mlp *network);

/**
 * Computes the output for one input. `*output` then points to it, inside the scratch, and is valid
 * until the next call with this scratch.
 *
 * Errors: RB_ERROR_NETWORK; RB_ERROR_LENGTH where theta or the input is not as long as the widths
 * say, or the scratch is shorter (rb_mlp_check says which of them); RB_ERROR_OVERLAP. Cost: one
 * forward pass, which is one multiplication and addition for each weight.
 */
RB_NODISCARD
rb_error rb_mlp_predict(const struct rb_mlp *network,
                        const float *input,
                        size_t inputs,
                        const float **output);

/**
 * Checks a description without using it, for inputs of a length, and writes to `*detail` what is
 * wrong: of RB_ERROR_LENGTH, which of theta, scratch and input has what length, and which it must
 * have. Call it once, where the network is set up.
 *
 * Errors: those of rb_mlp_predict. Cost: none.
 */
RB_NODISCARD
rb_error rb_mlp_check(const struct rb_mlp *network,
                      size_t inputs,
                      struct rb_error_detail *detail);

/**
 * Computes the features of one input, for a front of a network whose parameters are frozen: its
 * output after one more rectifier, which is what a network that goes on after it would see. They
 * are as many as the last width; keep them, and train the layers that come after on them.
 *
 * Errors: the same as those of rb_mlp_predict. Cost: one forward pass.
 */
RB_NODISCARD
rb_error rb_mlp_features(const struct rb_mlp *network,
                         const float *input,
                         size_t inputs,
                         float *features);

/**
 * Finds the class of one input: `*label` becomes the index of the largest output.
 *
 * Errors: the same as those of rb_mlp_predict, and RB_ERROR_NON_FINITE_OUTPUT where an output is
 * NaN or infinite. Cost: one forward pass.
 */
RB_NODISCARD
rb_error rb_mlp_classify(const struct rb_mlp *network,
                         const float *input,
                         size_t inputs,
                         uint32_t *label);

/**
 * Evaluates the softmax cross-entropy of one sample against the class `label`. Adds `weight` times
 * the loss to `*loss`, and `weight` times its gradient to `gradient`, which is as long as theta.
 * Where `gradient` is null, only the loss is computed.
 *
 * For the mean over a batch, clear `*loss` and the gradient, and then call this for each sample
 * with the weight 1 / samples. In the order of the samples, this gives the same bits as the
 * network in Rust.
 *
 * Errors: the same as those of rb_mlp_predict; RB_ERROR_CLASS where the label is not below the
 * number of outputs; RB_ERROR_SETTING where the weight is negative or not finite. Nothing is added
 * then. Cost: one forward pass, and with a gradient a backward
 * pass of twice that cost.
 */
RB_NODISCARD
rb_error rb_mlp_cross_entropy(const struct rb_mlp *network,
                              const float *input,
                              size_t inputs,
                              uint32_t label,
                              float weight,
                              float *gradient,
                              float *loss);

/**
 * Evaluates the mean squared error of one sample against `target`, which is as long as the output,
 * and adds it as rb_mlp_cross_entropy does.
 *
 * Errors: the same as those of rb_mlp_predict, with RB_ERROR_LENGTH for the target too;
 * RB_ERROR_SETTING where the weight is negative or not finite. Nothing is added then. Cost: the
 * same as that of rb_mlp_cross_entropy.
 */
RB_NODISCARD
rb_error rb_mlp_squared_error(const struct rb_mlp *network,
                              const float *input,
                              size_t inputs,
                              const float *target,
                              size_t targets,
                              float weight,
                              float *gradient,
                              float *loss);

/**
 * Computes `output[i] = values[i] * scale + offset` for `length` elements, which turns the bytes
 * of a sensor into floats. Written in C, the same line may become one fused operation, which gives
 * other bits.
 */
RB_NODISCARD
rb_error rb_dequantize(const uint8_t *values,
                       size_t length,
                       float scale,
                       float offset,
                       float *output);

/**
 * Computes `output[i] = (values[i] - zero) * scale` for `length` elements, which turns the
 * features of an int8 engine, such as TensorFlow Lite Micro, into the floats that they stand for.
 */
RB_NODISCARD
rb_error rb_dequantize_int8(const int8_t *values,
                            size_t length,
                            float scale,
                            int8_t zero,
                            float *output);

/**
 * Starts a step at theta, and says in `*request` what to evaluate first: the gradient, or the loss
 * where the optimizer needs losses only.
 *
 * Between the calls of a step theta holds the point to evaluate, and must not be changed. Between
 * steps it may be changed.
 *
 * Errors: RB_ERROR_UNEXPECTED_ANSWER while a step is in progress; RB_ERROR_SETTING where a
 * schedule gives a value out of its range. Theta and `*request` are then unchanged. Cost: that of
 * computing the values of the schedules.
 */
RB_NODISCARD rb_error rb_begin(struct rb_optimizer *optimizer, rb_request *request);

/**
 * Answers RB_REQUEST_LOSS with the loss at theta, and says in `*request` what comes next.
 *
 * Errors: RB_ERROR_UNEXPECTED_ANSWER where no loss was asked for; the step then goes on once it is
 * given the right answer. RB_ERROR_NON_FINITE_...: the step is over, theta is where the code says,
 * and rb_begin starts anew. `*request` is unchanged in both cases. Cost: at most one pass over
 * theta and the workspace.
 */
RB_NODISCARD rb_error rb_tell_loss(struct rb_optimizer *optimizer, float loss, rb_request *request);

/**
 * Answers RB_REQUEST_GRADIENT with the loss at theta, where the gradient has been written to
 * rb_gradient. Says in `*request` what comes next.
 *
 * Errors: the same as those of rb_tell_loss. Cost: some passes over theta and the workspace.
 */
RB_NODISCARD
rb_error rb_tell_gradient(struct rb_optimizer *optimizer,
                          float loss,
                          rb_request *request);

/**
 * Returns where the gradient must be written, as many floats as theta has. The address is the same
 * at every step: the start of the workspace. It is NULL where the optimizer is not initialised.
 * Between a tell and the next request for a gradient, the content belongs to the optimizer. It is
 * NULL too where the optimizer needs losses only.
 */
float *rb_gradient(const struct rb_optimizer *optimizer);

/**
 * Binds an optimizer to its buffers where they are now, after the object or they were moved,
 * copied or restored: theta, of `parameters` floats, and the workspace of the init function, or
 * null where it has none. Both must hold what they held when the object was copied, and it then
 * goes on with the same bits, in the middle of a step too. The object that it is a copy of must
 * not be used any more while both have the same buffers.
 *
 * Errors: RB_ERROR_NOT_INITIALISED; RB_ERROR_LENGTH where a buffer is not as long as it was;
 * RB_ERROR_OVERLAP. Nothing was changed then. Cost: none.
 */
RB_NODISCARD
rb_error rb_rebind(struct rb_optimizer *optimizer,
                   float *theta,
                   size_t parameters,
                   float *workspace,
                   size_t workspace_length);

/**
 * Abandons the step in progress; theta stays where it is.
 */
RB_NODISCARD rb_error rb_abandon(struct rb_optimizer *optimizer);

/**
 * Writes how many steps have been finished.
 */
RB_NODISCARD rb_error rb_steps(struct rb_optimizer *optimizer, uint32_t *steps);

/**
 * Writes how many steps in a row have been refused, which is to say ended by an error, since one
 * was finished. A step that is refused leaves theta where it was, and the next at the same rate
 * may be refused for the same reason: lower the rate, or stop.
 */
RB_NODISCARD rb_error rb_refused(struct rb_optimizer *optimizer, uint32_t *refused);

/**
 * Says whether each step that is refused halves the learning rate of the next (1) or not (0, as at
 * first). Each step that is finished doubles it again, up to what the schedule says.
 *
 * Errors: RB_ERROR_SETTING where `halve` is neither 0 nor 1.
 */
RB_NODISCARD rb_error rb_halve_when_refused(struct rb_optimizer *optimizer, uint32_t halve);

/**
 * Writes the numbers of the last step that was finished; zeros where there is none.
 */
RB_NODISCARD
rb_error rb_report(const struct rb_optimizer *optimizer,
                   struct rb_step_report *report);

/**
 * Writes the details of what the last call on this optimizer answered: RB_ERROR_NONE where it
 * succeeded. Calls that only ask (rb_gradient, rb_steps, rb_refused, rb_report and this) do not
 * count. After an init function that failed, it goes on to say why.
 */
RB_NODISCARD
rb_error rb_last_error(const struct rb_optimizer *optimizer,
                       struct rb_error_detail *detail);

/**
 * The settings of SAM with a constant learning rate and a constant radius.
 */
struct rb_sam_config rb_sam_default(void);

/**
 * Makes `*optimizer` a SAM over the caller's buffers, which stay the caller's and must outlive it:
 * theta, of `parameters` floats, and the workspace, of RB_SAM_VECTORS times as many. Each step
 * costs two gradient evaluations.
 *
 * Errors: the same as those of rb_ball_init. Cost: one pass over the workspace.
 */
RB_NODISCARD
rb_error rb_sam_init_sized(struct rb_optimizer *optimizer,
                           size_t size,
                           uint32_t version,
                           const struct rb_sam_config *config,
                           float *theta,
                           size_t parameters,
                           float *workspace,
                           size_t workspace_length);

/**
 * A schedule with the same value at every step.
 */
struct rb_schedule rb_constant(float value);

/**
 * A schedule from `from` to `to` on half a cosine wave in `steps` steps.
 */
struct rb_schedule rb_cosine(float from, float to, uint32_t steps);

/**
 * The settings of plain gradient descent with a constant learning rate.
 */
struct rb_sgd_config rb_sgd_default(void);

/**
 * Makes `*optimizer` a gradient descent over the caller's buffers, which stay the caller's and
 * must outlive it: theta, of `parameters` floats, and the workspace, of RB_SGD_VECTORS times as
 * many, or of RB_MOMENTUM_VECTORS times as many where momentum is above 0.
 *
 * Errors: the same as those of rb_ball_init. Cost: one pass over the workspace, which starts at
 * zero.
 */
RB_NODISCARD
rb_error rb_sgd_init_sized(struct rb_optimizer *optimizer,
                           size_t size,
                           uint32_t version,
                           const struct rb_sgd_config *config,
                           float *theta,
                           size_t parameters,
                           float *workspace,
                           size_t workspace_length);

/**
 * Clips the gradients that the gradient descent is told to the norm `largest`, from now on. It may
 * be called again with another norm. A checkpoint of a clipped optimizer is another than one of a
 * plain one.
 *
 * Errors: RB_ERROR_SETTING where `largest` is not finite and above 0, RB_ERROR_KIND; nothing is
 * changed then. Cost: a pass over the gradient in each step, and another where it is clipped.
 */
RB_NODISCARD rb_error rb_sgd_clip_norm(struct rb_optimizer *optimizer, float largest);

/**
 * Returns the RB_VERSION of the library. Init functions compare the two themselves, and refuse to
 * write to an object of another header; a program that calls none of them can do so by this.
 */
uint32_t rb_version(void);

/**
 * The settings for so many parameters in about so many steps: the radius shrinks to a thousandth
 * of `radius`, which should be about as large as the distance from the start to what is looked
 * for, and the rate is chosen for that.
 */
struct rb_zeroth_order_ball_config rb_zeroth_order_ball_shrinking(float radius,
                                                                  size_t parameters,
                                                                  uint32_t steps);

/**
 * Makes `*optimizer` a ball that needs losses only over the caller's theta, of
 * `config->parameters` floats, which stays the caller's and must outlive it. There is no workspace
 * and no gradient. A step asks for two losses; the first request of a step is RB_REQUEST_LOSS.
 *
 * Errors: the same as those of rb_ball_init. Cost: none.
 */
RB_NODISCARD
rb_error rb_zeroth_order_ball_init_sized(struct rb_optimizer *optimizer,
                                         size_t size,
                                         uint32_t version,
                                         const struct rb_zeroth_order_ball_config *config,
                                         float *theta);

/**
 * Gives up the step in progress as rb_abandon does, and puts theta back to the middle of the
 * diameter, to the bit: to where rb_begin has rounded it. Does nothing where no step is in
 * progress.
 *
 * Errors: RB_ERROR_KIND. Cost: one pass over theta.
 */
RB_NODISCARD rb_error rb_zeroth_order_ball_put_back(struct rb_optimizer *optimizer);

/* The init functions. Each is the one above that ends in _sized, and tells the library what object
 * and what header the program was compiled with. */
RB_NODISCARD static inline rb_error rb_ball_init(
    rb_optimizer *optimizer, const rb_ball_config *config, float *theta, size_t parameters,
    float *workspace, size_t workspace_length) {
    return rb_ball_init_sized(
        optimizer, sizeof *optimizer, RB_VERSION, config, theta, parameters, workspace,
        workspace_length);
}

RB_NODISCARD static inline rb_error rb_contact_ball_init(
    rb_optimizer *optimizer, const rb_ball_config *config, float *theta, size_t parameters,
    float *workspace, size_t workspace_length) {
    return rb_contact_ball_init_sized(
        optimizer, sizeof *optimizer, RB_VERSION, config, theta, parameters, workspace,
        workspace_length);
}

RB_NODISCARD static inline rb_error rb_sgd_init(
    rb_optimizer *optimizer, const rb_sgd_config *config, float *theta, size_t parameters,
    float *workspace, size_t workspace_length) {
    return rb_sgd_init_sized(
        optimizer, sizeof *optimizer, RB_VERSION, config, theta, parameters, workspace,
        workspace_length);
}

RB_NODISCARD static inline rb_error rb_adam_init(
    rb_optimizer *optimizer, const rb_adam_config *config, float *theta, size_t parameters,
    float *workspace, size_t workspace_length) {
    return rb_adam_init_sized(
        optimizer, sizeof *optimizer, RB_VERSION, config, theta, parameters, workspace,
        workspace_length);
}

RB_NODISCARD static inline rb_error rb_sam_init(
    rb_optimizer *optimizer, const rb_sam_config *config, float *theta, size_t parameters,
    float *workspace, size_t workspace_length) {
    return rb_sam_init_sized(
        optimizer, sizeof *optimizer, RB_VERSION, config, theta, parameters, workspace,
        workspace_length);
}

RB_NODISCARD static inline rb_error rb_entropy_sgd_init(
    rb_optimizer *optimizer, const rb_entropy_sgd_config *config, float *theta, size_t parameters,
    float *workspace, size_t workspace_length) {
    return rb_entropy_sgd_init_sized(
        optimizer, sizeof *optimizer, RB_VERSION, config, theta, parameters, workspace,
        workspace_length);
}

RB_NODISCARD static inline rb_error rb_zeroth_order_ball_init(
    rb_optimizer *optimizer, const rb_zeroth_order_ball_config *config, float *theta) {
    return rb_zeroth_order_ball_init_sized(optimizer, sizeof *optimizer, RB_VERSION, config, theta);
}

RB_NODISCARD static inline rb_error rb_fleet_init(
    rb_fleet *fleet, const rb_flash *flash, const rb_fleet_config *config) {
    return rb_fleet_init_sized(fleet, sizeof *fleet, RB_VERSION, flash, config);
}

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ROLLING_BALL_H */
