/** Lengths of time in seconds, as in `dashboard/core/time_units.py`, and in milliseconds. */

export const MINUTE_S = 60;
export const HOUR_S = 3600;
export const DAY_S = 86_400;

export const SECOND_MS = 1000;
export const DAY_MS = DAY_S * SECOND_MS;
