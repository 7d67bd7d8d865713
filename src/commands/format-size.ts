/** Times and shares for people. */

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min` */
export function time(seconds: number): string {
  if (seconds < 9.95 && !Number.isInteger(seconds)) return `${Math.max(0.1, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

export const percent = (bytes: number, all: number): number => (all === 0 ? 100 : Math.floor((100 * bytes) / all));
