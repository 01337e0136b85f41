//! How bytes travel.
