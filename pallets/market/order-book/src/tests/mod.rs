//! What people see, told by what they do.

mod amending;
mod closing;
mod cost;
mod fees;
mod fuzz;
mod invariants;
mod kinds;
mod matching;
mod model;
mod placing;
mod structures;
mod sums;
mod unpayable;
mod views;
mod wrongs;
