/* Fine-tunes the digits network on an emulated Cortex-M4F, as the Rust firmware does: the same bits
 * after every step. */

#include "board.h"
#include "crc32.h"
#include "image.h"
#include "rolling_ball.h"

enum {
    INPUTS = 64,
    HIDDEN = 32,
    CLASSES = 10,
    PARAMETERS = RB_DENSE_PARAMETERS(INPUTS, HIDDEN) + RB_DENSE_PARAMETERS(HIDDEN, CLASSES),
    SCRATCH = 2 * HIDDEN + CLASSES
};

static rb_optimizer ball;
static float theta[PARAMETERS], workspace[RB_BALL_VECTORS * PARAMETERS];
static float scratch[SCRATCH], input[INPUTS];
static const uint32_t widths[] = {INPUTS, HIDDEN, CLASSES};
static const rb_mlp network = {widths, 3, theta, PARAMETERS, scratch, SCRATCH};

static void check(rb_error error) {
    if (error) {
        print("%s\n", rb_error_string(error));
        finish(1);
    }
}

/* The mean loss over a batch; its gradient too, unless that is null. */
static float evaluate(const image *image, uint32_t first, uint32_t batch, float *gradient) {
    float loss = 0.0f, weight = 1.0f / (float)batch;
    for (size_t i = 0; gradient && i < PARAMETERS; i++)
        gradient[i] = 0.0f;
    for (uint32_t i = 0; i < batch; i++) {
        uint32_t sample = (first + i) % image->labelled.count;
        check(read_input(image, &image->labelled, sample, input));
        uint32_t label = image->labelled.labels[sample];
        check(rb_mlp_cross_entropy(&network, input, INPUTS, label, weight, gradient, &loss));
        /* Between two samples a firmware can feed its watchdog or serve its main loop. */
    }
    return loss;
}

static void tell_accuracy(const char *when, const image *image) {
    uint32_t right = 0, outputs = 0;
    for (uint32_t sample = 0; sample < image->held_out.count; sample++) {
        check(read_input(image, &image->held_out, sample, input));
        const float *output;
        check(rb_mlp_predict(&network, input, INPUTS, &output));
        outputs = crc32_continued(outputs, output, CLASSES * sizeof *output);
        uint32_t largest = 0;
        for (uint32_t class = 1; class < CLASSES; class++)
            if (output[class] > output[largest])
                largest = class;
        right += largest == image->held_out.labels[sample];
    }
    print("%s %u of %u outputs %u\n", when, right, image->held_out.count, outputs);
}

static void step(const image *image, uint32_t first, uint32_t batch) {
    uint32_t start = instructions(), in_gradients = 0;
    rb_request request;
    check(rb_begin(&ball, &request));
    while (request != RB_REQUEST_DONE) {
        if (request == RB_REQUEST_GRADIENT) {
            uint32_t start = instructions();
            float loss = evaluate(image, first, batch, rb_gradient(&ball));
            in_gradients += instructions() - start;
            check(rb_tell_gradient(&ball, loss, &request));
        } else {
            check(rb_tell_loss(&ball, evaluate(image, first, batch, NULL), &request));
        }
    }
    uint32_t in_step = instructions() - start;

    rb_step_report report;
    check(rb_report(&ball, &report));
    print("step %u loss %f gradient_norm %f gradients %u losses %u gradient_instructions %u "
          "instructions %u hash %u\n",
          report.step, report.loss_before, report.gradient_norm, report.gradients, report.losses,
          in_gradients, in_step, crc32(theta, sizeof theta));
}

int main(void) {
    image image;
    const char *wrong = read_image(&image, INPUTS, PARAMETERS);
    if (wrong) {
        print("%s\n", wrong);
        return 1;
    }
    for (size_t i = 0; i < PARAMETERS; i++)
        theta[i] = image.weights[i];
    tell_accuracy("before", &image);

    rb_ball_config config = rb_ball_shrinking(image.radius, image.learning_rate, image.steps);
    check(rb_ball_init(&ball, &config, theta, PARAMETERS, workspace, RB_BALL_VECTORS * PARAMETERS));
    uint32_t count = image.labelled.count;
    uint32_t batch = image.batch && image.batch < count ? image.batch : count;
    for (uint32_t i = 0, first = 0; i < image.steps; i++, first = (first + batch) % count)
        step(&image, first, batch);
    tell_accuracy("after", &image);
    print("ram data %u stack %u\n", static_bytes(), stack_bytes());
    return 0;
}
