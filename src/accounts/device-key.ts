/** A version, a run that begins with a digit: `126.0.0.0`, `17_5_1`, `15`. */
const VERSIONS = /\d[\d._]*/g;
/**
 * Session devices are cut at 120 characters, so the length of their versions moves where they end. With up to 24
 * characters of versions taken out, what is left of the first 120 is the same for all versions.
 */
const KEY_CHARACTERS = 96;

/**
 * What identifies a device of a user: the session's `device` text without versions, so that an update of the browser
 * or the system does not make a new device.
 */
export function deviceKey(device: string): string {
  return device.replace(VERSIONS, '0').slice(0, KEY_CHARACTERS);
}
