//! The oracle agent: reads meters, keeps every sample, signs readings, submits them.
//!
//! ```text
//! drivers -> counter -> spool -> interval -> keys -> submit -> chain
//! (read)     (believe)  (keep)   (readings)  (sign)  (send)
//! ```
//!
//! Two promises shape everything here. What the spool acknowledged is never lost: a sample is committed to disk before
//! anything else happens with it, and a reading before it is sent. And nothing is counted twice: what became of a reading
//! is derived from the finalised chain, never from the fact that it was sent, so the agent may be killed at any moment.

pub mod backoff;
pub mod calendar;
pub mod chain;
pub mod check;
pub mod cli;
pub mod collect;
pub mod config;
pub mod counter;
pub mod drivers;
pub mod http;
pub mod interval;
pub mod keys;
pub mod logging;
pub mod metrics;
pub mod model;
pub mod profile;
pub mod prove;
pub mod rotate;
pub mod run;
pub mod screen;
pub mod settle;
pub mod simulate;
pub mod site;
pub mod spool;
pub mod status;
pub mod submit;
pub mod watch;
