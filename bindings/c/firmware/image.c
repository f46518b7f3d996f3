#include "image.h"
#include "crc32.h"

enum { BALL = 0 };

typedef struct {
    char magic[4];
    uint32_t crc; /* of all that follows */
    uint32_t parameters, inputs, labelled, held_out, optimizer, steps, batch;
    float radius, learning_rate, scale, offset;
} header;

/* From image.S, aligned to four bytes. */
extern const header image_start[];
extern const uint8_t image_end[];

const char *read_image(image *image, uint32_t inputs, uint32_t parameters) {
    const header *h = image_start;
    const uint8_t *start = (const uint8_t *)image_start;
    size_t length = (size_t)(image_end - start);
    if (length < sizeof *h || h->magic[0] != 'R' || h->magic[1] != 'B' || h->magic[2] != 'I' ||
        h->magic[3] != '1')
        return "not a flash image of this version (expected RBI1)";
    uint64_t count = (uint64_t)h->labelled + h->held_out;
    if (h->inputs != inputs || h->parameters != parameters || h->labelled == 0)
        return "the image is not one of this network";
    if (sizeof *h + (uint64_t)parameters * sizeof(float) + count * (inputs + 1) != length)
        return "the image has another length than its header says";
    if (crc32(start + 8, length - 8) != h->crc)
        return "the image is damaged: its checksum does not match";
    if (h->optimizer != BALL)
        return "the image asks for another optimizer than the ball";

    const uint8_t *next = start + sizeof *h;
    image->weights = (const float *)next;
    next += parameters * sizeof(float);
    image->labelled = (samples){next, next + h->labelled * inputs, h->labelled};
    next += h->labelled * (inputs + 1);
    image->held_out = (samples){next, next + h->held_out * inputs, h->held_out};
    image->inputs = inputs;
    image->steps = h->steps;
    image->batch = h->batch;
    image->radius = h->radius;
    image->learning_rate = h->learning_rate;
    image->scale = h->scale;
    image->offset = h->offset;
    return NULL;
}

rb_error read_input(const image *image, const samples *samples, uint32_t index, float *input) {
    const uint8_t *values = samples->inputs + index * image->inputs;
    return rb_dequantize(values, image->inputs, image->scale, image->offset, input);
}
