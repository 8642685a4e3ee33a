//! What people see, told by what they do.

mod bids;
mod drawing;
mod ending;
mod fuzz;
mod invariants;
mod listing;
mod standing;
mod story;
mod views;
