//! The ball at its contact, and where its centre is to go.

/// The scalars of one step. With `F = loss_scale * f`, `g = grad f`, `w = sqrt(1 + |grad F|^2)`:
/// the centre is `theta - reach g` at the height `F + radius / w`, and moves along the tangent to
/// `theta~ = theta - (reach + rate) g` at the height `y~` (the paper's steps 1 and 2).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Geometry {
    pub loss_scale: f32,
    pub radius: f32,
    /// The learning rate as configured; then as used.
    pub rate: f32,
    /// `|g|^2`
    pub gradient_squared: f32,
    /// `g . u`, with the contact's offset `u` from the centre.
    pub along_offset: f32,
    /// `w`
    pub slant: f32,
    /// `radius * loss_scale / w`: the centre is this multiple of the gradient away from the contact.
    pub reach: f32,
    /// `f` at the last point that was accepted.
    pub loss: f32,
    /// `y~`
    pub displaced_height: f32,
}

impl Geometry {
    /// Rests the ball on the graph at a point with this loss and gradient.
    pub fn rest(&mut self, loss: f32, gradient_squared: f32) {
        self.gradient_squared = gradient_squared;
        self.slant = libm::sqrtf(1.0 + self.scaled_gradient_squared());
        self.reach = self.radius * self.loss_scale / self.slant;
        self.loss = loss;
    }

    /// Moves the centre along the tangent.
    pub fn displace(&mut self, rate: f32) {
        self.rate = rate;
        self.displaced_height = self.loss_scale * self.loss
            + (self.radius / self.slant - rate * self.loss_scale * self.gradient_squared);
    }

    /// `|grad F|^2`
    pub fn scaled_gradient_squared(&self) -> f32 {
        self.loss_scale * self.loss_scale * self.gradient_squared
    }

    /// `F - y~` at a point with this loss: above 0 where the displaced centre is below the graph.
    pub fn above_centre(&self, loss: f32) -> f32 {
        self.loss_scale * loss - self.displaced_height
    }

    /// How far the displaced centre is from the last accepted point, for a footpoint at half the squared
    /// distance `d`: along the upward normal, so below 0 where it is under the graph.
    pub fn centre_distance(&self, d: f32) -> f32 {
        let distance = libm::sqrtf(2.0 * d);
        if self.above_centre(self.loss) > 0.0 { -distance } else { distance }
    }
}
