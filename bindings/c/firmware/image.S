/* The image, whose path the build defines. */
    .section .rodata.image, "a"
    .balign 4
    .global image_start, image_end
image_start:
    .incbin IMAGE
image_end:
