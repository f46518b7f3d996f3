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
