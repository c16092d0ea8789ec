// The zones that a person can read times in, by the names of the IANA database.

/** Names that browsers still give to zones that are called otherwise by now. */
const RENAMED: Readonly<Record<string, string>> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca",
  "America/Coral_Harbour": "America/Atikokan",
  "America/Cordoba": "America/Argentina/Cordoba",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville",
  "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Etc/UTC": "UTC",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

const today = (name: string) => RENAMED[name] ?? name;

/** The zone of the browser that reads this. */
export const HERE = today(Intl.DateTimeFormat().resolvedOptions().timeZone);

let listed: readonly string[] | null = null;

/** Every zone that can be chosen from a list. */
export function zones(): readonly string[] {
  listed ??= [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone").map(today)])].sort();
  return listed;
}

/** The zone of that name, however it is capitalised; null where there is none. */
export function named(name: string): string | null {
  if (name === "UTC" || !/^[a-z]/i.test(name)) return name === "UTC" ? name : null; // not "+05:45", which is no name
  try {
    const known = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
    return zones().find((each) => each.toLowerCase() === name.toLowerCase()) ?? today(known);
  } catch {
    return null;
  }
}

/** What a person means who writes a name, a city, or as much of it as no other zone has; null where it could be several, or none. */
export function meant(text: string): string | null {
  const written = text.trim().replaceAll(" ", "_").toLowerCase();
  if (!written) return null;
  const like = (is: (name: string) => boolean) => {
    const [first, ...more] = zones().filter((name) => is(name.toLowerCase()));
    return more.length ? null : (first ?? null);
  };
  return named(written) ?? like((name) => name.endsWith(`/${written}`)) ?? like((name) => name.includes(written));
}

/** What its clock shows, against that of UTC, at an instant. */
export function ahead(zone: string, instant: number): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(instant);
  return parts.find(({ type }) => type === "timeZoneName")?.value.replace("GMT", "UTC") ?? "";
}
