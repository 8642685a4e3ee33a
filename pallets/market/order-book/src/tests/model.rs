//! The book as one would write it down on paper: a list of orders in the order of their arrival, searched from end to end.

use crate::*;
use std::collections::BTreeSet;

/// An order on the list.
#[derive(Clone, Debug)]
pub(super) struct Line {
	pub(super) id: OrderId,
	pub(super) owner: usize,
	pub(super) side: Side,
	pub(super) price: Price,
	pub(super) energy: Energy,
	/// What was traded of it since it was placed.
	pub(super) traded: Energy,
	pub(super) expires: Interval,
	pub(super) self_trade: SelfTrade,
	pub(super) post_only: bool,
	/// The rate of its fee once it rests.
	pub(super) rate: Permill,
}

/// What must be told of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
	Traded {
		maker: OrderId,
		taker: OrderId,
		buyer: usize,
		seller: usize,
		price: Price,
		energy: Energy,
	},
	Closed {
		order: OrderId,
		reason: CloseReason,
		energy: Energy,
	},
}

/// What was told, or the name of the error.
pub(super) type Outcome = Result<Vec<Told>, &'static str>;

/// What a caller asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
	pub(super) side: Side,
	pub(super) price: Price,
	pub(super) energy: Energy,
	pub(super) kind: Kind,
	pub(super) expires: Option<Interval>,
	pub(super) self_trade: SelfTrade,
	pub(super) max_fills: u32,
}

/// All there is to know. Everybody has plenty.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
	pub(super) now: Interval,
	pub(super) next: OrderId,
	pub(super) lines: Vec<Line>,
	/// Whose DECA is locked: they cannot pay.
	pub(super) locked: BTreeSet<usize>,
	/// Who cannot take energy.
	pub(super) blocked: BTreeSet<usize>,
	pub(super) maker_fee: Permill,
	pub(super) minimum: Energy,
	pub(super) max_orders: usize,
	pub(super) max_fills: u32,
	pub(super) lifetime: Interval,
}

impl Model {
	pub(super) fn line(&self, id: OrderId) -> Option<&Line> {
		self.lines.iter().find(|line| line.id == id)
	}

	fn is_over(&self, line: &Line) -> bool {
		line.expires < self.now
	}

	fn check(&self, price: Price, energy: Energy) -> Result<(), &'static str> {
		if !(100..100 << 24).contains(&price) {
			return Err("PriceOutOfRange");
		}
		if !price.is_multiple_of(100) {
			return Err("PriceOffTick");
		}
		if !energy.is_multiple_of(1_000) {
			return Err("EnergyOffLot");
		}
		if energy == 0 || energy < self.minimum {
			return Err("BelowMinimum");
		}
		Ok(())
	}

	pub(super) fn place(&mut self, owner: usize, asked: Asked) -> Outcome {
		let Asked { side, price, energy, kind, expires, self_trade, max_fills } = asked;
		if max_fills > self.max_fills {
			return Err("TooManyFills");
		}
		self.check(price, energy)?;
		let latest = self.now + self.lifetime;
		let expires = expires.unwrap_or(latest);
		if expires < self.now {
			return Err("AlreadyExpired");
		}
		if expires > latest {
			return Err("ExpiresTooLate");
		}
		let (id, rate) = (self.next, self.maker_fee);
		self.next += 1;
		let post_only = kind == Kind::PostOnly;
		let line = Line {
			id,
			owner,
			side,
			price,
			energy,
			traded: 0,
			expires,
			self_trade,
			post_only,
			rate,
		};
		self.send(line, kind, max_fills)
	}

	pub(super) fn amend(
		&mut self,
		who: usize,
		id: OrderId,
		price: Price,
		total: Energy,
		max_fills: u32,
	) -> Outcome {
		let at = self.lines.iter().position(|line| line.id == id).ok_or("UnknownOrder")?;
		let line = self.lines[at].clone();
		if line.owner != who {
			return Err("NotOwner");
		}
		if max_fills > self.max_fills {
			return Err("TooManyFills");
		}
		if self.is_over(&line) {
			return Err("OrderExpired");
		}
		if price == line.price && total == line.energy + line.traded {
			return Err("Unchanged");
		}
		if line.traded > 0 && total <= line.traded {
			return Err("AlreadyFilled");
		}
		let energy = total - line.traded;
		self.check(price, energy)?;
		if price == line.price && energy < line.energy {
			self.lines[at].energy = energy;
			return Ok(vec![]);
		}
		self.lines.remove(at);
		let kind = if line.post_only { Kind::PostOnly } else { Kind::Gtc };
		self.send(Line { price, energy, rate: self.maker_fee, ..line }, kind, max_fills)
	}

	/// The line that this one trades with first.
	fn best_for(&self, taker: &Line) -> Option<usize> {
		let worse = |line: &Line| match line.side {
			Side::Sell => line.price,
			Side::Buy => Price::MAX - line.price,
		};
		let suits = |line: &Line| match taker.side {
			Side::Buy => line.side == Side::Sell && line.price <= taker.price,
			Side::Sell => line.side == Side::Buy && line.price >= taker.price,
		};
		let all = self.lines.iter().enumerate().filter(|(_, line)| suits(line));
		all.min_by_key(|(at, line)| (worse(line), *at)).map(|(at, _)| at)
	}

	fn send(&mut self, mut taker: Line, kind: Kind, max_fills: u32) -> Outcome {
		if taker.side == Side::Buy && self.blocked.contains(&taker.owner) {
			return Err("CannotBePaid");
		}
		if taker.side == Side::Buy && self.locked.contains(&taker.owner) {
			return Err("FundsLocked");
		}
		let mut told = vec![];
		let mut steps = 0;
		let mut end = None;
		while taker.energy > 0 {
			let Some(at) = self.best_for(&taker) else { break };
			if steps == max_fills {
				end = Some(CloseReason::OutOfFills);
				break;
			}
			steps += 1;
			let maker = self.lines[at].clone();
			let close = |reason| Told::Closed { order: maker.id, reason, energy: maker.energy };
			if self.is_over(&maker) {
				told.push(close(CloseReason::Expired));
				self.lines.remove(at);
				continue;
			}
			if kind == Kind::PostOnly {
				return Err("WouldCross");
			}
			if maker.owner == taker.owner {
				if taker.self_trade == SelfTrade::CancelTaker {
					end = Some(CloseReason::SelfTrade);
					break;
				}
				told.push(close(CloseReason::SelfTrade));
				self.lines.remove(at);
				continue;
			}
			let cannot = self.locked.contains(&maker.owner) || self.blocked.contains(&maker.owner);
			if maker.side == Side::Buy && cannot {
				told.push(close(CloseReason::Unpayable));
				self.lines.remove(at);
				continue;
			}
			let energy = taker.energy.min(maker.energy);
			let (buyer, seller) = match taker.side {
				Side::Buy => (taker.owner, maker.owner),
				Side::Sell => (maker.owner, taker.owner),
			};
			told.push(Told::Traded {
				maker: maker.id,
				taker: taker.id,
				buyer,
				seller,
				price: maker.price,
				energy,
			});
			for line in [&mut taker, &mut self.lines[at]] {
				line.energy -= energy;
				line.traded += energy;
			}
			if self.lines[at].energy == 0 {
				self.lines.remove(at);
				let reason = CloseReason::Filled;
				told.push(Told::Closed { order: maker.id, reason, energy: 0 });
			}
		}
		if kind == Kind::PostOnly && end.is_some() {
			return Err("WouldCross");
		}
		if taker.energy == 0 {
			end = Some(CloseReason::Filled);
		}
		if kind == Kind::Fok && taker.energy > 0 {
			return Err("NotFilled");
		}
		if kind == Kind::Ioc && end.is_none() {
			end = Some(CloseReason::Immediate);
		}
		match end {
			Some(reason) => {
				told.push(Told::Closed { order: taker.id, reason, energy: taker.energy });
			}
			None => {
				let open = self.lines.iter().filter(|line| line.owner == taker.owner).count();
				if open >= self.max_orders {
					return Err("TooManyOrders");
				}
				self.lines.push(taker);
			}
		}
		Ok(told)
	}

	pub(super) fn cancel(&mut self, who: usize, id: OrderId) -> Outcome {
		let line = self.line(id).ok_or("UnknownOrder")?;
		if line.owner != who {
			return Err("NotOwner");
		}
		Ok(self.close(CloseReason::Cancelled, |line| line.id == id))
	}

	pub(super) fn cancel_all(&mut self, who: usize) -> Outcome {
		Ok(self.close(CloseReason::Cancelled, |line| line.owner == who))
	}

	pub(super) fn prune(&mut self, ids: &[OrderId]) -> Outcome {
		let mut told = vec![];
		for id in ids {
			let now = self.now;
			let over = |line: &Line| line.id == *id && line.expires < now;
			told.extend(self.close(CloseReason::Expired, over));
		}
		Ok(told)
	}

	fn close(&mut self, reason: CloseReason, which: impl Fn(&Line) -> bool) -> Vec<Told> {
		let (gone, left) =
			core::mem::take(&mut self.lines).into_iter().partition::<Vec<_>, _>(which);
		self.lines = left;
		let told = gone.into_iter().map(|line| Told::Closed {
			order: line.id,
			reason,
			energy: line.energy,
		});
		told.collect()
	}
}
