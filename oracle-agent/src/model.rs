//! What flows through the agent: `drivers -> counter -> spool -> signer -> submitter`.

use std::{sync::Arc, time::Duration};

/// The name of a meter in the agent's configuration: `device/point`, unique on this agent.
pub type MeterName = Arc<str>;

/// What one look at a device found of one meter.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
	/// Which meter.
	pub meter: MeterName,
	/// Wall clock at the moment of the answer, milliseconds since 1970 UTC.
	pub taken_at: u64,
	/// Monotonic clock since the agent started, at the same moment. Elapsed time is measured with this one: the wall
	/// clock jumps.
	pub since_start: Duration,
	/// The cumulative register in mWh, rounded down, or why there is none.
	pub register: Result<u64, Missing>,
	/// Momentary power in W where the device tells it; positive in the direction of the meter's flow.
	pub power: Option<f64>,
	/// The device's serial number where the profile knows how to read it.
	pub serial: Option<Arc<str>>,
}

/// Why a sample carries no register. Missing is never zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
	/// The device answered with the value that its profile declares to mean "not available".
	Sentinel(String),
	/// A lifetime total of zero, which a meter that has ever run cannot show.
	Zero,
	/// Not a finite number, negative, or beyond `u64` mWh.
	NotANumber(String),
	/// The device did not answer, or answered with an exception; the text says which.
	Unreachable(String),
}

impl std::fmt::Display for Missing {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Sentinel(raw) => {
				write!(f, "the device says that the value is not available ({raw})")
			}
			Self::Zero => f.write_str("a lifetime total of zero is not a measurement"),
			Self::NotANumber(raw) => write!(f, "{raw} is not an energy"),
			Self::Unreachable(why) => write!(f, "no answer: {why}"),
		}
	}
}
