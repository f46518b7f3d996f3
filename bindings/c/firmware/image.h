/* The flash image that `cargo xtask demo` makes: settings, pre-trained weights, samples. Its layout
 * is described in crates/rehearsal/src/image.rs. */

#ifndef IMAGE_H
#define IMAGE_H

#include "rolling_ball.h"

typedef struct {
    const uint8_t *inputs; /* one after another */
    const uint8_t *labels;
    uint32_t count;
} samples;

typedef struct {
    const float *weights;
    samples labelled, held_out;
    uint32_t inputs, steps, batch; /* a batch of 0: all samples */
    float radius, learning_rate, scale, offset;
} image;

/* Reads the image that is linked in. Answers null, or what is wrong with it. */
const char *read_image(image *image, uint32_t inputs, uint32_t parameters);

/* Writes one sample's input as floats. */
rb_error read_input(const image *image, const samples *samples, uint32_t index, float *input);

#endif
