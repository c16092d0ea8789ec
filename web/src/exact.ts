// Sums and differences of decimal digits, without a rounding: a number of JavaScript holds 15 of them.

/** The sum of what is known; null where nothing is. */
export function sum(all: readonly (string | null)[]): string | null {
  const known = all.filter((each) => each !== null);
  if (!known.length && all.length) return null;
  const places = Math.max(0, ...known.map(placesOf));
  return digits(known.reduce((total, each) => total + units(each, places), 0n), places);
}

/** What is left of `whole` without `part`. */
export function difference(whole: string, part: string): string {
  const places = Math.max(placesOf(whole), placesOf(part));
  return digits(units(whole, places) - units(part, places), places);
}

function placesOf(digits: string): number {
  return digits.split(".")[1]?.length ?? 0;
}

/** How many units of the last of so many places. */
function units(digits: string, places: number): bigint {
  const [whole = "", fraction = ""] = digits.split(".");
  return BigInt(whole + fraction.padEnd(places, "0"));
}

/** The shortest digits of it, as the API writes them. */
function digits(units: bigint, places: number): string {
  const sign = units < 0n ? "-" : "";
  const all = (units < 0n ? -units : units).toString().padStart(places + 1, "0");
  const fraction = all.slice(all.length - places).replace(/0+$/, "");
  return sign + all.slice(0, all.length - places) + (places && fraction ? `.${fraction}` : "");
}
