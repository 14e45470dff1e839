/**
 * Which KEK rekey behaviour a release has: `timer` from IOS 15.2(1)T, 15.2(1)S and IOS XE 3.5.0S on, `legacy` before.
 *
 * Source: GETVPN facts (C1). Decides from the release text alone
 * and refuses to guess: a release it cannot read is `unknown`. A GM that shows a KEK lifetime is stronger evidence than
 * its release; `kekBehaviorOf` lets it win.
 */

export type KekBehavior = 'timer' | 'legacy' | 'unknown';

/** `15.2(4)M6`, `12.4(24)T8`, `15.3(2)S1`, `15.2(4.0.55)E`: major, minor, maintenance, train letters. */
const CLASSIC = /^(\d{1,2})\.(\d{1,2})\((\d{1,3})[^)]{0,16}\)([A-Z]{0,8})/;

/** `03.09.01.S`, `03.06.05E`, `3.5.0S`: XE of the 2.x and 3.x series. */
const XE_SERIES = /^0?([23])\.(\d{1,2})\.\d{1,3}[a-z]?\.?([A-Z]{0,4})/;

/** `16.9.3`, `17.05.01a`, `17.15.20240118:042507`: XE from Denali on. */
const XE_UNIFIED = /^(1[6-9]|2\d)\.\d{1,2}/;

/** Behaviour of a release as `show version` prints it. */
export function kekBehaviorOfRelease(version: string | null): KekBehavior {
  if (version === null) return 'unknown';
  const text = version.trim();
  const classic = CLASSIC.exec(text);
  if (classic) {
    const [, major, minor, maintenance, train] = classic;
    return classicBehavior(Number(major), Number(minor), Number(maintenance), train ?? '');
  }
  const series = XE_SERIES.exec(text);
  if (series) {
    const major = Number(series[1]);
    const minor = Number(series[2]);
    return major > 3 || (major === 3 && minor >= 5) ? 'timer' : 'legacy';
  }
  return XE_UNIFIED.test(text) ? 'timer' : 'unknown';
}

function classicBehavior(major: number, minor: number, maintenance: number, train: string): KekBehavior {
  if (major > 15 || (major === 15 && minor > 2)) return 'timer';
  if (major < 15 || minor < 2) return 'legacy';
  // 15.2: (1)T and (1)S carry the change, so every 15.2(x) with x >= 1 of the T, M and S trains does.
  return maintenance >= 1 && /^[TMS]/.test(train) ? 'timer' : 'unknown';
}

/**
 * Behaviour of a GM: a KEK lifetime in its output proves the timer (Cisco: old releases show none); a registered GM
 * without one, or no answer yet, leaves the release to decide.
 */
export function kekBehaviorOf(version: string | null, showsKekLifetime: boolean): KekBehavior {
  return showsKekLifetime ? 'timer' : kekBehaviorOfRelease(version);
}
