//! Finding a SunSpec device's models: the marker, then the chain.
//!
//! A SunSpec map begins with "SunS" at one of a few addresses. Then come models, each with its number and the length of
//! its body before it, up to the number 0xFFFF.

use super::modbus::{Bus, BusError, Manners};
use crate::profile::{Span, Table};

const MARKER: [u16; 2] = [0x5375, 0x6e53];
const END: u16 = 0xffff;
/// The standard knows about a hundred models; a longer chain is garbage that happens to look like one.
const MAX_MODELS: usize = 100;

/// A model in a device's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
	/// Its number.
	pub id: u16,
	/// The address of its id register, where the offsets of a profile are counted from.
	pub address: u16,
	/// The registers that it takes, with id and length.
	pub len: u32,
}

/// Why no models were found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SunSpecError {
	/// A request failed.
	#[error(transparent)]
	Bus(#[from] BusError),
	/// The device answers, but there is no marker.
	#[error("no SunSpec marker at {0:?}")]
	NoMarker(Vec<u16>),
	/// The chain does not end.
	#[error("the chain of SunSpec models at {base} is broken at address {address}")]
	BrokenChain { base: u16, address: u32 },
}

/// Where the map begins: the first of `bases` with the marker.
///
/// `known` is asked first: it is where the marker was the last time.
pub async fn find_base(
	bus: &mut Bus,
	unit: u8,
	manners: Manners,
	bases: &[u16],
	known: Option<u16>,
) -> Result<u16, SunSpecError> {
	let mut answered = false;
	let mut last_error = None;
	for base in known.iter().chain(bases.iter().filter(|base| Some(**base) != known)) {
		match bus.read(unit, holding(*base, 2), manners).await {
			Ok(words) if words == MARKER => return Ok(*base),
			Ok(_) => answered = true,
			// There are devices that answer wherever they have registers, and are silent or refuse elsewhere.
			Err(error @ BusError::Connect { .. }) => return Err(error.into()),
			// The gateway speaks of the unit, not of the address: no other address will do.
			Err(error @ BusError::Exception(0x0a | 0x0b)) => return Err(error.into()),
			Err(BusError::Exception(_)) => answered = true,
			Err(error) => last_error = Some(error),
		}
	}
	match last_error {
		Some(error) if !answered => Err(error.into()),
		_ => Err(SunSpecError::NoMarker(bases.to_vec())),
	}
}

/// The models after the marker at `base`, in the order of the chain.
pub async fn walk(
	bus: &mut Bus,
	unit: u8,
	manners: Manners,
	base: u16,
) -> Result<Vec<Model>, SunSpecError> {
	let mut models = Vec::new();
	let mut address = u32::from(base) + 2;
	while models.len() < MAX_MODELS {
		let broken = SunSpecError::BrokenChain { base, address };
		let Ok(start) = u16::try_from(address) else { return Err(broken) };
		if start == u16::MAX {
			return Err(broken);
		}
		let header = bus.read(unit, holding(start, 2), manners).await?;
		let (id, len) = (header[0], u32::from(header[1]) + 2);
		if id == END {
			return Ok(models);
		}
		// No model has the number zero: this is past the end of a map that forgot to end.
		if id == 0 {
			return Err(broken);
		}
		models.push(Model { id, address: start, len });
		address += len;
	}
	Err(SunSpecError::BrokenChain { base, address })
}

const fn holding(start: u16, len: u16) -> Span {
	Span { table: Table::Holding, start, len }
}
