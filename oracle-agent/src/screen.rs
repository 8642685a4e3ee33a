//! The terminal as something to draw on, for live views.

use std::{
	io::{self, Write},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};

use crossterm::{
	cursor::{Hide, MoveTo, Show},
	event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
	queue,
	terminal::{
		self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate,
		EnterAlternateScreen, LeaveAlternateScreen,
	},
};
use tokio::sync::mpsc;

/// How many characters a line of the terminal has; 80 where there is none.
pub fn width() -> usize {
	terminal::size().map_or(80, |(width, _)| width.into())
}

/// Draws `lines` over what was drawn before, as many as fit.
pub fn show(lines: &[String]) -> io::Result<()> {
	let mut out = io::stdout();
	let height = terminal::size().map_or(24, |(_, height)| height.into());
	queue!(out, BeginSynchronizedUpdate)?;
	for (row, line) in lines.iter().take(height).enumerate() {
		queue!(out, MoveTo(0, row as u16), Clear(ClearType::CurrentLine))?;
		write!(out, "{line}")?;
	}
	queue!(out, MoveTo(0, lines.len().min(height.saturating_sub(1)) as u16))?;
	if lines.len() < height {
		queue!(out, Clear(ClearType::FromCursorDown))?;
	}
	queue!(out, EndSynchronizedUpdate)?;
	out.flush()
}

/// The terminal in the state that drawing needs. Put back as it was, however the view ends.
pub struct Screen;

impl Screen {
	/// Goes over to an empty screen without a cursor, on which key presses are not echoed.
	pub fn enter() -> io::Result<Self> {
		terminal::enable_raw_mode()?;
		let screen = Self;
		queue!(io::stdout(), EnterAlternateScreen, Hide, Clear(ClearType::All))?;
		io::stdout().flush()?;
		Ok(screen)
	}
}

impl Drop for Screen {
	fn drop(&mut self) {
		let restored = queue!(io::stdout(), Show, LeaveAlternateScreen)
			.and_then(|()| io::stdout().flush())
			.and_then(|()| terminal::disable_raw_mode());
		if let Err(error) = restored {
			tracing::warn!(%error, "the terminal could not be put back; `reset` does it");
		}
	}
}

/// Key presses, from a thread of their own because the terminal can only be waited for with a blocked one.
pub struct Keys {
	/// True for quit, false for a reason to draw again.
	pub presses: mpsc::Receiver<bool>,
	stop: Arc<AtomicBool>,
}

impl Keys {
	/// Starts to listen. Ends when it is dropped.
	pub fn listen() -> Self {
		let (sender, presses) = mpsc::channel(8);
		let stop = Arc::new(AtomicBool::new(false));
		let stopped = stop.clone();
		std::thread::spawn(move || {
			while !stopped.load(Ordering::Relaxed) {
				let quit =
					match event::poll(Duration::from_millis(100)).and_then(|ready| match ready {
						true => event::read().map(Some),
						false => Ok(None),
					}) {
						Ok(Some(Event::Key(key))) if key.kind != KeyEventKind::Release => {
							key.code == KeyCode::Char('q')
								|| key.code == KeyCode::Esc
								|| (key.code == KeyCode::Char('c')
									&& key.modifiers.contains(KeyModifiers::CONTROL))
						}
						Ok(Some(Event::Resize(..))) => false,
						Ok(_) => continue,
						Err(_) => true,
					};
				if sender.blocking_send(quit).is_err() {
					return;
				}
			}
		});
		Self { presses, stop }
	}
}

impl Drop for Keys {
	fn drop(&mut self) {
		self.stop.store(true, Ordering::Relaxed);
	}
}

/// A bar of `cells` characters, filled by `share` of one.
pub fn bar(share: f64, cells: usize) -> String {
	let eighths = (share.clamp(0.0, 1.0) * cells as f64 * 8.0).round() as usize;
	let mut bar = "█".repeat(eighths / 8);
	bar.push_str(["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]);
	let filled = bar.chars().count();
	bar + &"·".repeat(cells.saturating_sub(filled))
}

/// As much of `text` as fits in `width` characters.
pub fn cut(text: &str, width: usize) -> String {
	text.chars().take(width).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn bar_is_as_long_as_it_should_be() {
		for share in [-1.0, 0.0, 0.01, 0.33, 0.5, 0.999, 1.0, 7.0, f64::NAN] {
			assert_eq!(bar(share, 12).chars().count(), 12, "{share}");
		}
		assert_eq!(bar(1.0, 3), "███");
		assert_eq!(bar(0.0, 3), "···");
	}
}
