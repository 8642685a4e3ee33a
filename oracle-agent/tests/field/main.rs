//! The field side as a whole: configuration, drivers, `check` and the virtual site, over real sockets and pseudo-terminals.

mod check;
mod rtu;
mod sunspec;
mod support;
mod tcp;
