//! A stream on which one side asks and the other answers.

use std::{
	io,
	pin::Pin,
	task::{ready, Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes that are thrown away before a question: many times the longest Modbus frame. Whoever sends more does
/// not speak Modbus, and must not hold up the agent.
const MAX_STALE: usize = 16_384;

/// A stream that takes care of what lies between Modbus frames.
///
/// - What arrived before a question is no answer to it: it is thrown away when the question is written.
/// - Many adapters between a serial port and a two-wire bus hear themselves. A question that comes back word for word
///   before the answer is left out; no answer begins like that, as its check sum would have to be the question's.
/// - The end of the stream is an error that says so. The Modbus library reports whatever the last system call left.
#[derive(Debug)]
pub struct Dialogue<S> {
	stream: S,
	may_echo: bool,
	/// The question is being written, maybe in several parts.
	is_asking: bool,
	question: Vec<u8>,
	/// How much of the question has come back so far; `None` when it is settled whether it does.
	echoed: Option<usize>,
}

impl<S> Dialogue<S> {
	/// A connection without a bus behind it.
	pub const fn tcp(stream: S) -> Self {
		Self::new(stream, false)
	}

	/// A bus, or a way to one.
	pub const fn rtu(stream: S) -> Self {
		Self::new(stream, true)
	}

	const fn new(stream: S, may_echo: bool) -> Self {
		Self { stream, may_echo, is_asking: false, question: Vec::new(), echoed: None }
	}

	/// What remains of newly arrived bytes without the echo.
	fn without_echo(&mut self, new: &[u8]) -> Vec<u8> {
		let Some(echoed) = self.echoed else { return new.to_vec() };
		let outstanding = &self.question[echoed..];
		let common = outstanding.len().min(new.len());
		if outstanding[..common] != new[..common] {
			self.echoed = None;
			// What looked like an echo so far was the beginning of the answer.
			return [&self.question[..echoed], new].concat();
		}
		let is_whole = common == outstanding.len();
		self.echoed = (!is_whole).then_some(echoed + common);
		new[common..].to_vec()
	}
}

impl<S: AsyncRead + Unpin> Dialogue<S> {
	/// The next bytes, as they come.
	fn poll_bytes(
		&mut self,
		cx: &mut Context<'_>,
		bytes: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		ready!(Pin::new(&mut self.stream).poll_read(cx, bytes))?;
		if bytes.filled().is_empty() {
			let end = io::Error::new(
				io::ErrorKind::UnexpectedEof,
				"the other side closed the connection",
			);
			return Poll::Ready(Err(end));
		}
		Poll::Ready(Ok(()))
	}
}

impl<S: AsyncRead + Unpin> AsyncRead for Dialogue<S> {
	fn poll_read(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		buf: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		self.is_asking = false;
		loop {
			// An echo that turns out to be none is given back: there must be space for it.
			let space = buf.remaining().saturating_sub(self.echoed.unwrap_or(0)).min(512);
			if space == 0 {
				return Poll::Ready(Ok(()));
			}
			let mut bytes = [0u8; 512];
			let mut bytes = ReadBuf::new(&mut bytes[..space]);
			ready!(self.poll_bytes(cx, &mut bytes))?;
			let rest = self.without_echo(bytes.filled());
			if !rest.is_empty() {
				buf.put_slice(&rest);
				return Poll::Ready(Ok(()));
			}
		}
	}
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Dialogue<S> {
	fn poll_write(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		buf: &[u8],
	) -> Poll<io::Result<usize>> {
		if !self.is_asking {
			let mut stale = 0;
			let mut bytes = [0u8; 512];
			let mut bytes = ReadBuf::new(&mut bytes);
			while let Poll::Ready(read) = self.poll_bytes(cx, &mut bytes) {
				read?;
				stale += bytes.filled().len();
				if stale > MAX_STALE {
					return Poll::Ready(Err(io::Error::other(
						"the other side talks without being asked",
					)));
				}
				bytes.clear();
			}
			self.is_asking = true;
			self.question.clear();
			self.echoed = self.may_echo.then_some(0);
		}
		let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
		self.question.extend(&buf[..written]);
		Poll::Ready(Ok(written))
	}

	fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_flush(cx)
	}

	fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_shutdown(cx)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use tokio::io::{duplex, AsyncReadExt, AsyncWriteExt};

	const QUESTION: &[u8] = &[1, 4, 0, 0x48, 0, 2, 0xd0, 0x1d];
	const ANSWER: &[u8] = &[1, 4, 4, 0x42, 0xc8, 0, 0, 0x6f, 0xb6];

	/// Asks once while `before` is waiting, lets `parts` come back, and reads as many bytes as an answer has.
	async fn ask(is_rtu: bool, before: &[u8], parts: &[&[u8]]) -> Vec<u8> {
		let (near, mut far) = duplex(1_024);
		let mut dialogue = if is_rtu { Dialogue::rtu(near) } else { Dialogue::tcp(near) };
		far.write_all(before).await.expect("open");
		dialogue.write_all(QUESTION).await.expect("open");
		let mut heard = vec![0; QUESTION.len()];
		far.read_exact(&mut heard).await.expect("open");
		assert_eq!(heard, QUESTION);
		let read = async {
			let mut answer = vec![0; ANSWER.len()];
			dialogue.read_exact(&mut answer).await.expect("open");
			answer
		};
		let write = async {
			for part in parts {
				far.write_all(part).await.expect("open");
				tokio::task::yield_now().await;
			}
		};
		tokio::join!(read, write).0
	}

	#[tokio::test]
	async fn answer_is_what_comes_after_the_question() {
		for is_rtu in [true, false] {
			assert_eq!(ask(is_rtu, &[], &[ANSWER]).await, ANSWER);
			assert_eq!(ask(is_rtu, &[9; 700], &[ANSWER]).await, ANSWER);
		}
	}

	#[tokio::test]
	async fn echo_is_left_out_on_a_bus_only() {
		let both = [QUESTION, ANSWER].concat();
		assert_eq!(ask(true, &[], &[&both]).await, ANSWER);
		assert_eq!(ask(false, &[], &[&both]).await, both[..ANSWER.len()]);
		// A second one is not an echo.
		assert_eq!(ask(true, &[], &[QUESTION, QUESTION, ANSWER]).await[..8], *QUESTION);
	}

	#[tokio::test]
	async fn end_of_the_stream_is_an_error_that_says_so() {
		let (near, far) = duplex(64);
		drop(far);
		let error = Dialogue::tcp(near).read_u8().await.expect_err("closed");
		assert_eq!(error.to_string(), "the other side closed the connection");
	}

	proptest! {
		#[test]
		fn answer_arrives_whole_however_it_is_cut(cuts in proptest::collection::vec(0usize..17, 0..6), echo: bool) {
			let all = if echo { [QUESTION, ANSWER].concat() } else { ANSWER.to_vec() };
			let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(all.len())).collect();
			cuts.extend([0, all.len()]);
			cuts.sort_unstable();
			let parts: Vec<_> = cuts.windows(2).map(|cut| &all[cut[0]..cut[1]]).collect();
			let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
			prop_assert_eq!(runtime.block_on(ask(true, &[], &parts)), ANSWER);
		}
	}
}
