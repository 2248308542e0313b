// SPDX-License-Identifier: Apache-2.0

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;

use libp2p::Stream;
use tokio::net::UnixStream;
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

/// A socket pair: our end is pumped to and from the stream by a task, the kernel's buffer between
/// the ends is the back-pressure. Returns the caller's end, which blocks. `hold` is kept until the
/// stream has ended.
pub fn bridge<T: Send + 'static>(stream: Stream, hold: T) -> io::Result<OwnedFd> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let mut socket = UnixStream::from_std(ours)?;
    tokio::spawn(async move {
        let _hold = hold;
        // The end of one direction is passed on; an error ends both, and dropping the stream
        // resets it. The peer sees the reset, our caller the end of its socket.
        let _ = tokio::io::copy_bidirectional(&mut socket, &mut stream.compat()).await;
    });
    Ok(theirs.into())
}
