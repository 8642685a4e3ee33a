//! Miners that earn by their own meter: how their days are recorded, weighed and collected.

use super::*;
use heliograph_primitives::miner::{MeterInfo, MinerInfo};

/// What can be seen of a miner and its meter now. Fetched once, whatever is asked of it.
pub(crate) struct Sight<AccountId> {
	pub info: Option<MinerInfo<AccountId>>,
	pub meter: Option<MeterInfo>,
	pub report: Option<MeterReport>,
}

impl<AccountId> Sight<AccountId> {
	/// What a weight is made of, or why there is none, whatever was measured.
	pub(crate) fn in_standing(
		&self,
	) -> Result<(&MinerInfo<AccountId>, &MeterInfo, &MeterReport), Withheld> {
		let info = self.info.as_ref().filter(|info| info.active).ok_or(Withheld::NotActive)?;
		let meter =
			self.meter.as_ref().filter(|meter| !meter.retired).ok_or(Withheld::MeterRetired)?;
		let report = self.report.as_ref().ok_or(Withheld::NeverReported)?;
		ensure!(!report.quarantined, Withheld::Quarantined);
		Ok((info, meter, report))
	}
}

/// The votes of a miner's neighbours, counted when they are first needed: they are the same for all days that are recorded
/// at once.
#[derive(Default)]
pub(crate) struct Votes(Option<u32>);

impl Votes {
	/// How many there are.
	pub(crate) fn of<T: Config>(&mut self, miner: MinerId, report: &MeterReport) -> u32 {
		*self.0.get_or_insert_with(|| Pallet::<T>::votes(miner, report))
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn sight(miner: MinerId, meter: MeterId) -> Sight<T::AccountId> {
		Sight {
			info: T::Miners::miner(miner),
			meter: T::Miners::meter(meter),
			report: T::Reports::report(meter),
		}
	}

	/// From which pool a miner of this kind earns by a meter of this flow.
	pub(crate) fn category(kind: MinerKind, flow: Flow) -> Result<Category, DispatchError> {
		let (category, fits) = match kind {
			MinerKind::Standard => (Category::Generation, flow == Flow::Generation),
			MinerKind::Storage => (Category::Storage, flow == Flow::Discharge),
			MinerKind::Consumer => {
				(Category::Consumption, matches!(flow, Flow::Consumption | Flow::Import))
			}
			MinerKind::Plant | MinerKind::Remote => fail!(Error::<T>::KindNotRewarded),
		};
		ensure!(fits, Error::<T>::WrongFlow);
		Ok(category)
	}

	/// An active miner of `owner`, and one of its meters in service.
	pub(crate) fn owned_meter(
		owner: &T::AccountId,
		miner: MinerId,
		meter: MeterId,
	) -> Result<(MinerInfo<T::AccountId>, MeterInfo), DispatchError> {
		let info = T::Miners::miner(miner).ok_or(Error::<T>::UnknownMiner)?;
		ensure!(info.owner == *owner, Error::<T>::NotOwner);
		ensure!(info.active, Error::<T>::MinerNotActive);
		let of_meter = T::Miners::meter(meter).ok_or(Error::<T>::UnknownMeter)?;
		ensure!(of_meter.miner == miner, Error::<T>::MeterOfAnother);
		ensure!(!of_meter.retired, Error::<T>::MeterRetired);
		Ok((info, of_meter))
	}

	/// Records the days of a miner that can be recorded and were not. Returns how many these are. Run in a storage layer.
	pub(crate) fn record_miner(miner: MinerId, today: Day) -> Result<u32, DispatchError> {
		let Some(mut enrolment) = Enrolments::<T>::get(miner) else { return Ok(0) };
		let Range { start, end } = Self::recordable(today);
		let days = start.max(enrolment.next)..end;
		if enrolment.left || days.is_empty() {
			return Ok(0);
		}
		// Makes room: what is open after it can be recorded today, and was.
		Self::collect_days(&mut enrolment, today)?;
		let sight = Self::sight(miner, enrolment.meter);
		if let Some(info) = &sight.info {
			enrolment.owner = info.owner.clone();
		}
		let mut votes = Votes::default();
		let count = days.len() as u32;
		for day in days {
			if enrolment.category == Category::Consumption {
				Self::remember(miner, &sight, day)?;
			}
			let seed = match T::Lottery::get() {
				Some(parts) => Some((Self::fix_seed(day, today)?, parts)),
				None => None,
			};
			let weighing = Self::weigh(miner, enrolment.category, &sight, &mut votes, seed, day);
			if !weighing.weight.is_zero() {
				Self::add_record(enrolment.category, day, weighing.weight)?;
				enrolment
					.open
					.try_push((day, weighing.weight))
					.map_err(|_| Error::<T>::BooksDisagree)?;
			}
			enrolment.next = day.saturating_add(1);
		}
		Enrolments::<T>::insert(miner, enrolment);
		Ok(count)
	}

	/// Collects the open days of a miner that are closed, oldest first.
	pub(crate) fn collect_days(
		enrolment: &mut Enrolment<T::AccountId>,
		today: Day,
	) -> DispatchResult {
		while let Some((day, weight)) = enrolment.open.first().copied() {
			if !Self::is_closed(day, today) {
				break;
			}
			let share = Self::collect_and_credit(enrolment.category, day, weight)?;
			enrolment.due = plus(enrolment.due, share)?;
			enrolment.open.remove(0);
		}
		Ok(())
	}

	/// What a miner weighs on `day`, if it was weighed now. `seed` is that of the lottery and its share, if there is one.
	pub(crate) fn weigh(
		miner: MinerId,
		category: Category,
		sight: &Sight<T::AccountId>,
		votes: &mut Votes,
		seed: Option<([u8; 32], Permill)>,
		day: Day,
	) -> Weighing {
		let mut weighing = Weighing::default();
		match Self::try_weigh(miner, category, sight, votes, seed, day, &mut weighing) {
			Ok(weight) => weighing.weight = weight,
			Err(withheld) => weighing.withheld = Some(withheld),
		}
		weighing
	}

	fn try_weigh(
		miner: MinerId,
		category: Category,
		sight: &Sight<T::AccountId>,
		votes: &mut Votes,
		seed: Option<([u8; 32], Permill)>,
		day: Day,
		weighing: &mut Weighing,
	) -> Result<RewardWeight, Withheld> {
		let (info, meter, report) = sight.in_standing()?;
		let week = formula::week(report, day);
		let capacity = match category {
			Category::Consumption => meter.nameplate,
			_ => info.profile.capacity,
		};
		Self::ensure_plausible(category, info.profile.source, capacity, &week)?;
		let measured = week.last().is_some_and(|today| today.intervals > 0);
		ensure!(measured, Withheld::NothingMeasured);
		if let Some((seed, parts)) = seed {
			let ticket = Self::ticket(&seed, miner);
			ensure!(formula::is_drawn(ticket, parts.deconstruct()), Withheld::NotDrawn);
		}
		let (energy, reported) = formula::sums(&week);
		weighing.method = formula::method(info.profile.method);
		weighing.reported = reported;
		weighing.energy_term = match category {
			Category::Consumption => {
				ensure!(energy > 0, Withheld::NothingUsed);
				let save = formula::save(&Histories::<T>::get(miner), day, HISTORY);
				formula::consumption_term(save, T::Flexibility::thousandths(miner, day))
			}
			_ => formula::norm(energy, T::NormThreshold::get()),
		};
		weighing.trust = match category {
			Category::Generation | Category::Plant => {
				weighing.votes = votes.of::<T>(miner, report);
				formula::trust(weighing.votes)
			}
			Category::Consumption | Category::Storage => formula::MILLION as u32,
		};
		Ok(formula::weight(
			weighing.method,
			weighing.energy_term,
			weighing.reported,
			weighing.trust,
		))
	}

	/// Refuses a week in which more was measured on any day than the system can yield.
	pub(crate) fn ensure_plausible(
		category: Category,
		source: Source,
		capacity: Watts,
		week: &[DayEnergy],
	) -> Result<(), Withheld> {
		let hours = formula::hours(category, source, T::SolarHours::get());
		let maximum = formula::maximum(capacity, hours);
		let is_plausible = week.iter().all(|day| u128::from(day.energy) <= maximum);
		ensure!(is_plausible, Withheld::AboveMaximum);
		Ok(())
	}

	/// Takes down what a consumer used on `day`, and forgets what is older than 30 days.
	fn remember(miner: MinerId, sight: &Sight<T::AccountId>, day: Day) -> DispatchResult {
		let known = sight.report.as_ref().and_then(|report| report.day(day));
		// A day without any use is not believed: an upheld challenge takes the energy and leaves the intervals.
		let is_known = |known: &DayEnergy| known.intervals > 0 && known.energy > 0;
		let Some(DayEnergy { energy, .. }) = known.filter(is_known) else { return Ok(()) };
		Histories::<T>::try_mutate(miner, |history| {
			history.retain(|(past, _)| *past < day && day - *past < HISTORY);
			// Days come in order, so that 29 are left at most.
			history.try_push((day, energy)).map_err(|_| Error::<T>::BooksDisagree.into())
		})
	}

	/// The number that a miner has in the lottery of a day.
	fn ticket(seed: &[u8; 32], miner: MinerId) -> u64 {
		let hash = (seed, miner).using_encoded(sp_io::hashing::blake2_256);
		let mut first = [0; 8];
		first.copy_from_slice(&hash[..8]);
		u64::from_le_bytes(first)
	}

	/// The seed of a day, if it is fixed.
	pub(crate) fn seed_of(day: Day) -> Option<[u8; 32]> {
		Seeds::<T>::get().into_iter().find(|(fixed, _)| *fixed == day).map(|(_, seed)| seed)
	}

	/// The seed of a day that is recorded now; fixed by the first record that asks.
	pub(crate) fn fix_seed(day: Day, today: Day) -> Result<[u8; 32], DispatchError> {
		if let Some(seed) = Self::seed_of(day) {
			return Ok(seed);
		}
		let seed = T::Seed::get();
		Seeds::<T>::try_mutate(|seeds| {
			let days = Self::recordable(today);
			seeds.retain(|(day, _)| days.contains(day));
			// There are as many places as days that can be recorded.
			seeds.try_push((day, seed)).map_err(|_| Error::<T>::BooksDisagree)
		})?;
		Ok(seed)
	}

	/// Pays a miner's owner, and forgets it if it has left and nothing is open.
	pub(crate) fn pay_miner(
		miner: MinerId,
		mut enrolment: Enrolment<T::AccountId>,
	) -> Result<(), DispatchError> {
		if let Some(info) = T::Miners::miner(miner) {
			enrolment.owner = info.owner;
		}
		let payment = Payment::of_pool(enrolment.category, core::mem::take(&mut enrolment.due));
		let to = enrolment.owner.clone();
		let amount = Self::pay(&to, payment)?;
		if !amount.is_zero() {
			Self::deposit_event(Event::Claimed { miner, to, amount });
		}
		if enrolment.left && enrolment.open.is_empty() {
			Enrolments::<T>::remove(miner);
		} else {
			Enrolments::<T>::insert(miner, enrolment);
		}
		Ok(())
	}
}
