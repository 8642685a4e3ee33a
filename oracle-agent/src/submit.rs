//! Brings signed readings to the chain.
//!
//! One batch is under way at a time. What became of it is read from finalised state; that it was sent is only remembered so
//! that, after a restart, the agent first waits for what may still be in a node's pool instead of sending it twice and
//! paying for the refusal. Without a connection it tries again for ever; the readings wait in the spool.

use std::{convert::Infallible, sync::Arc, time::Duration};

use subxt::config::Header;
use tokio::{sync::watch, task::JoinHandle};

use self::work::Work;
use crate::{
	backoff::Backoff,
	chain::{At, Chain, ChainError, Headers},
	site::{ChainPin, Site},
	spool::SpoolError,
};

mod work;

/// How long no block may come before the node is asked whether it is there.
const QUIET: Duration = Duration::from_secs(20);

/// The chain behind the address is not the one that this agent works for.
#[derive(Debug, thiserror::Error)]
#[error(
	"the chain at {url} is not the chain that this agent works for: its genesis hash is 0x{}, {source_of_truth} 0x{}. \
	 Readings are signed for one chain: correct chain.url in the configuration, or, to work for another chain, give it \
	 another spool (agent.spool){}",
	hex::encode(.found),
	hex::encode(.expected),
	.hint
)]
pub struct WrongChain {
	url: String,
	found: [u8; 32],
	expected: [u8; 32],
	source_of_truth: &'static str,
	hint: &'static str,
}

#[derive(Debug, thiserror::Error)]
enum SessionError {
	#[error(transparent)]
	WrongChain(#[from] WrongChain),
	#[error(transparent)]
	Chain(#[from] ChainError),
	#[error(transparent)]
	Spool(#[from] SpoolError),
	#[error("the connection to the node broke")]
	Closed,
}

/// Checks that `found` is the chain of the configuration and of the spool.
pub fn check_genesis(
	url: &str,
	found: [u8; 32],
	configured: Option<[u8; 32]>,
	spooled: Option<[u8; 32]>,
) -> Result<(), WrongChain> {
	let wrong = |expected, source_of_truth, hint| WrongChain {
		url: url.to_owned(),
		found,
		expected,
		source_of_truth,
		hint,
	};
	match (configured, spooled) {
		(Some(expected), _) if expected != found => Err(wrong(
			expected,
			"the configuration (chain.genesis) says",
			" and correct chain.genesis",
		)),
		(_, Some(expected)) if expected != found => {
			Err(wrong(expected, "the spool was filled for", ""))
		}
		_ => Ok(()),
	}
}

/// Submits until `shutdown` turns true. Errors when the first chain that answers is the wrong one: that is a mistake in the
/// configuration, and nothing good comes from going on. Later the agent keeps sampling and waits for the right chain.
pub async fn run(site: Arc<Site>, mut shutdown: watch::Receiver<bool>) -> Result<(), WrongChain> {
	let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
	let mut started = false;
	loop {
		let session = async {
			let Err(error) = session(&site, &mut backoff, &mut started).await;
			error
		};
		let error = tokio::select! {
			error = session => error,
			_ = shutdown.wait_for(|stop| *stop) => return Ok(()),
		};
		site.board.update(|report| {
			report.chain.connected = false;
			report.chain.trouble = error.to_string();
		});
		match error {
			SessionError::WrongChain(wrong) if !started => return Err(wrong),
			error => {
				let pause = backoff.pause();
				let pending =
					site.board.report().meters.iter().map(|meter| meter.pending).sum::<u64>();
				tracing::warn!(
					url = site.config.chain.url,
					pending,
					"{error}; samples and readings are kept; trying again in {:.1} s",
					pause.as_secs_f64()
				);
				tokio::select! {
					() = tokio::time::sleep(pause) => (),
					_ = shutdown.wait_for(|stop| *stop) => return Ok(()),
				}
			}
		}
	}
}

/// One connection, from its beginning to its end.
async fn session(
	site: &Arc<Site>,
	backoff: &mut Backoff,
	started: &mut bool,
) -> Result<Infallible, SessionError> {
	let url = &site.config.chain.url;
	let chain = Chain::connect(url).await?;
	let pinned = site.pins.borrow().chain;
	check_genesis(url, chain.genesis(), site.config.chain.genesis, pinned.map(|pin| pin.genesis))?;
	*started = true;
	let at = chain.finalised().await?;
	let pin = pin_chain(site, pinned, &chain, &at).await?;
	let (finalised, best) = chain.heads().await?;
	let (sender, mut heads) = watch::channel(());
	let _follower = Follower(tokio::spawn(follow(site.clone(), finalised, best, sender)));
	tracing::info!(
		url,
		genesis = format!("0x{}", hex::encode(pin.genesis)),
		finalised = at.number(),
		interval_millis = pin.interval_millis,
		"connected"
	);
	site.board.update(|report| {
		report.chain.connected = true;
		report.chain.trouble.clear();
		report.chain.finalised = at.number();
		report.chain.best = report.chain.best.max(at.number());
	});
	let mut work = Work::new(site, chain, pin)?;
	work.look_for(&at, (0..site.meters.len()).collect()).await?;
	work.look_at_all(&at).await?;
	backoff.reset();
	loop {
		work.turn().await?;
		tokio::select! {
			changed = heads.changed() => changed.map_err(|_| SessionError::Closed)?,
			() = site.fresh.notified() => (),
			() = tokio::time::sleep(QUIET) => work.ping().await?,
		}
	}
}

async fn pin_chain(
	site: &Site,
	pinned: Option<ChainPin>,
	chain: &Chain,
	at: &At,
) -> Result<ChainPin, SessionError> {
	let found = ChainPin { genesis: chain.genesis(), interval_millis: at.interval_millis().await? };
	match pinned {
		Some(pinned) if pinned == found => (),
		Some(pinned) => {
			return Err(ChainError::Foreign(format!(
				"its intervals have {} ms, and had {} ms before; that is a constant of a chain",
				found.interval_millis, pinned.interval_millis
			))
			.into())
		}
		None => {
			site.spool(|spool| spool.pin_chain(&found.genesis, found.interval_millis))?;
			site.pins.send_modify(|pins| pins.chain = Some(found));
		}
	}
	site.board.update(|report| {
		report.chain.genesis = Some(format!("0x{}", hex::encode(found.genesis)));
		report.chain.interval_millis = Some(found.interval_millis);
	});
	Ok(found)
}

/// Writes the numbers of blocks on the board as they come, and rings. Ends when the node stops telling.
async fn follow(
	site: Arc<Site>,
	mut finalised: Headers,
	mut best: Headers,
	ring: watch::Sender<()>,
) {
	loop {
		let head = tokio::select! {
			head = finalised.next() => head.map(|head| head.map(|head| (head.number(), true))),
			head = best.next() => head.map(|head| head.map(|head| (head.number(), false))),
			() = ring.closed() => return,
		};
		match head {
			Some(Ok((number, is_final))) => {
				site.board.update(|report| match is_final {
					true => report.chain.finalised = number,
					false => report.chain.best = number,
				});
				ring.send_replace(());
			}
			Some(Err(error)) => {
				return tracing::debug!(%error, "the node stopped telling of blocks")
			}
			None => return,
		}
	}
}

/// A task that ends with the session.
struct Follower(JoinHandle<()>);

impl Drop for Follower {
	fn drop(&mut self) {
		self.0.abort();
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn wrong_chain_is_refused_with_both_hashes() {
		check_genesis("ws://x", [1; 32], None, None).expect("nothing to compare with");
		check_genesis("ws://x", [1; 32], Some([1; 32]), Some([1; 32])).expect("the same");
		for (configured, spooled) in
			[(Some([2; 32]), None), (None, Some([2; 32])), (Some([2; 32]), Some([1; 32]))]
		{
			let error = check_genesis("ws://x", [1; 32], configured, spooled)
				.expect_err("another")
				.to_string();
			assert!(error.contains(&hex::encode([1; 32])), "{error}");
			assert!(error.contains(&hex::encode([2; 32])), "{error}");
			assert!(error.contains("ws://x"), "{error}");
		}
	}
}
