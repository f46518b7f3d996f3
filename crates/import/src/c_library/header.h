/* The network @name@ for C, as `rolling-ball import --c-library` wrote it: do not edit.
 *
 * lib@name@.a is all of rolling_ball.h, and this network. What holds for every function there holds
 * here: pointers are checked, nothing is allocated, and an error changes nothing. The lengths of
 * arrays are in the declarations. */
#ifndef @NAME@_H
#define @NAME@_H

#include "rolling_ball.h"

/* Numbers of an input, and of an output. */
#define @NAME@_INPUTS @inputs@
#define @NAME@_OUTPUTS @outputs@
/* Length of theta: the parameters that are trained. */
#define @NAME@_PARAMETERS @parameters@
/* Features of a sample, which the frozen layers at the beginning give and the others see, and the
 * bytes that they take where they are kept. */
#define @NAME@_FEATURES @features@
#define @NAME@_FEATURE_BYTES @feature_bytes@
/* Floats of scratch. */
#define @NAME@_SCRATCH @scratch@
/* Bytes of RAM for training with the ball: theta, its two vectors and the scratch. */
#define @NAME@_RAM_BYTES @ram_bytes@

#ifdef __cplusplus
extern "C" {
#endif

/* A feature as it is kept. */
typedef @c_feature@ @name@_feature;

/* Theta to start from, in flash. */
extern const float @name@_theta[@NAME@_PARAMETERS];

/* Computes the output for one input. `*output` points to its @NAME@_OUTPUTS numbers, inside the
 * scratch, and is valid until the next call with this scratch. Cost: one forward pass.
 *
 * Errors: RB_ERROR_NULL, RB_ERROR_MISALIGNED, RB_ERROR_OVERLAP; RB_ERROR_SETTING where the kind of
 * the input is none. */
RB_NODISCARD rb_error @name@_predict(
    const float theta[@NAME@_PARAMETERS], rb_input input, float scratch[@NAME@_SCRATCH],
    const float **output);

/* Finds the class of one input: `*label` becomes the index of the largest output.
 *
 * Errors: the same, and RB_ERROR_NON_FINITE_OUTPUT where an output is NaN or infinite. */
RB_NODISCARD rb_error @name@_classify(
    const float theta[@NAME@_PARAMETERS], rb_input input, float scratch[@NAME@_SCRATCH],
    uint32_t *label);

/* Computes the features of one input, to be kept: the frozen layers are then evaluated once a
 * sample, and not in each step.
 *
 * Errors: those of @name@_predict; RB_ERROR_NON_FINITE_INPUT where an int8 network has no byte for
 * a value; RB_ERROR_SETTING where the input is kept features itself. */
RB_NODISCARD rb_error @name@_features(
    rb_input input, float scratch[@NAME@_SCRATCH], @name@_feature features[@NAME@_FEATURES]);

/* Kept features in place of an input: the bits are the same. */
rb_input @name@_kept(const @name@_feature features[@NAME@_FEATURES]);

/* Evaluates the softmax cross-entropy of one sample against the class `label`: adds `weight` times
 * the loss to `*loss`, and `weight` times its gradient to `gradient`, which is as long as theta.
 * Where `gradient` is null, only the loss is computed.
 *
 * For the mean over a batch, clear `*loss` and the gradient, and then call this for each sample
 * with the weight 1 / samples, or with class weights that of its class divided by the sum of all
 * samples' weights. In the order of the samples, this gives the bits of the network in Rust.
 * Between two samples a firmware can feed its watchdog. Cost: one forward pass, and with a gradient
 * a backward pass.
 *
 * Errors: those of @name@_predict; RB_ERROR_CLASS where the label is none of the classes;
 * RB_ERROR_SETTING where the weight is negative or not finite. Nothing is added then. */
RB_NODISCARD rb_error @name@_cross_entropy(
    const float theta[@NAME@_PARAMETERS], rb_input input, uint32_t label, float weight,
    float scratch[@NAME@_SCRATCH], float *gradient, float *loss);

/* The same for the mean squared error. */
RB_NODISCARD rb_error @name@_squared_error(
    const float theta[@NAME@_PARAMETERS], rb_input input,
    const float target[@NAME@_OUTPUTS], float weight, float scratch[@NAME@_SCRATCH],
    float *gradient, float *loss);

/* The same for the binary cross-entropy. The outputs are logits, and the targets probabilities:
 * RB_ERROR_SETTING where one is not from 0 to 1. */
RB_NODISCARD rb_error @name@_binary_cross_entropy(
    const float theta[@NAME@_PARAMETERS], rb_input input,
    const float target[@NAME@_OUTPUTS], float weight, float scratch[@NAME@_SCRATCH],
    float *gradient, float *loss);

/* The same for the Huber loss: half the squared difference up to `delta`, beyond it a straight
 * line. RB_ERROR_SETTING where delta is not finite and above 0. */
RB_NODISCARD rb_error @name@_huber(
    const float theta[@NAME@_PARAMETERS], rb_input input,
    const float target[@NAME@_OUTPUTS], float delta, float weight,
    float scratch[@NAME@_SCRATCH], float *gradient, float *loss);

/* Begins a fine-tuning of a classifier that nobody tunes: it keeps no more of what it learned than
 * held-out samples support, and where that is nothing, theta is the start again, to the bit. Some
 * of the labels may be wrong. The settings are those of rb_fine_tuning_default; the arrays say
 * where samples, start, theta and memory are. Theta is the start then. Cost: for each sample, a
 * look at all others, some times.
 *
 * Errors: RB_ERROR_NULL, RB_ERROR_MISALIGNED; RB_ERROR_OVERLAP where an array that is written has a
 * byte in common with another; RB_ERROR_SETTING where the pull is negative or not finite, or the
 * kind of the inputs is none; RB_ERROR_HEADER. rb_fine_tuning_last_error has the details. */
RB_NODISCARD rb_error @name@_fine_tuning_init_sized(
    rb_fine_tuning *tuning, size_t size, uint32_t version, const rb_fine_tuning_config *config,
    const rb_fine_tuning_arrays *arrays);

/* The same, told what object and what header the program was compiled with: call this one. */
RB_NODISCARD static inline rb_error @name@_fine_tuning_init(
    rb_fine_tuning *tuning, const rb_fine_tuning_config *config,
    const rb_fine_tuning_arrays *arrays) {
    return @name@_fine_tuning_init_sized(tuning, sizeof *tuning, RB_VERSION, config, arrays);
}

/* Binds a fine-tuning to its arrays where they are now, after it or they were moved, copied or
 * restored: what the arrays hold must be what they held then, and it goes on with the same bits.
 *
 * Errors: those of the init function; RB_ERROR_LENGTH where there are more or fewer samples than
 * before; RB_ERROR_KIND. Nothing was changed then. */
RB_NODISCARD rb_error @name@_fine_tuning_rebind(
    rb_fine_tuning *tuning, const rb_fine_tuning_arrays *arrays);

/* Makes a piece of it: a sample forward and backward, or a pass over theta. Call it until
 * `report->done` is 1: then theta is what to deploy, and the report says how much was kept and,
 * where nothing was, why; rb_label_credibility tells which labels seem wrong. Until then theta must
 * not be changed. The next call begins anew. Theta has the bits of FineTuning in Rust.
 *
 * Errors: RB_ERROR_NOT_INITIALISED; RB_ERROR_KIND where it was begun by another network;
 * RB_ERROR_CLASS where a label is none of the classes; RB_ERROR_NO_SAMPLES where there are fewer
 * than two samples or groups. Theta is the start then, and the next call begins anew. */
RB_NODISCARD rb_error @name@_fine_tuning_poll(
    rb_fine_tuning *tuning, rb_fine_tuning_report *report);

/* Saves it between two steps, such as when `report->steps` has risen, as rb_save does an optimizer:
 * begun again with the same samples, start and settings, and resumed, it ends with the same bits. A
 * checkpoint takes 80 bytes (16 and the read or write size where that is more than 64), 8 for each
 * parameter, 96, and 28 for each sample; rounded up to erase blocks. Save the end by rb_save_theta:
 * rb_resume_theta does not take a theta that is on the way.
 *
 * Errors: those of rb_save; RB_ERROR_UNEXPECTED_ANSWER in the middle of a step. */
RB_NODISCARD rb_error @name@_fine_tuning_save(
    const rb_flash *flash, rb_fine_tuning *tuning);

/* Takes the newest checkpoint back into a fine-tuning that was just begun.
 *
 * Errors: those of rb_resume; RB_ERROR_SETTING where the number of the samples, their labels or
 * groups, the start or a setting was another. Nothing was changed then. */
RB_NODISCARD rb_error @name@_fine_tuning_resume(
    const rb_flash *flash, rb_fine_tuning *tuning);

#ifdef __cplusplus
}
#endif

#endif
