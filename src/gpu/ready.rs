//! What `wgpu` promises for later.

use super::Error;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// The output of one of `wgpu`'s futures, which outside of a browser is there at once.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> Result<T, Error> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err(Error::Refused("wgpu answers later, expected it to at once".into())),
    }
}
