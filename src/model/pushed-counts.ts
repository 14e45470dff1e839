/** What became of the messages that devices pushed. */

/** How a message ended: `used`; `unknown_device`: no configured device sends from there; `other`: not GETVPN's;
 * `unreadable`: no message in it; `overflow`: the device sent more than is looked at in a moment. */
export type PushedResult = 'used' | 'unknown_device' | 'other' | 'unreadable' | 'overflow';
export type PushedCounts = Readonly<Record<'syslog' | 'trap', Readonly<Record<PushedResult, number>>>>;
