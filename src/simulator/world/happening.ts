/** What happens on a device and has a notification in CISCO-GDOI-MIB. Plain facts; `notification.ts` makes varbinds. */

interface Place {
  readonly group: string;
  /** Group number as configured. */
  readonly identity: string;
}

interface AtGm extends Place {
  /** Addresses. */
  readonly gm: string;
  readonly keyServer: string;
}

interface AtKs extends Place {
  readonly keyServer: string;
}

export type Happening =
  | { readonly kind: 'ks_new_registration' | 'ks_registration_complete' }
  | ({ readonly kind: 'ks_rekey_pushed'; readonly sequence: number } & AtKs)
  | ({ readonly kind: 'gm_register' | 'gm_registration_complete' | 'gm_reregister' } & AtGm)
  | ({ readonly kind: 'gm_rekey_received' | 'gm_rekey_failure'; readonly sequence: number } & AtGm)
  | ({ readonly kind: 'ks_role_change'; readonly role: 'primary' | 'secondary' } & AtKs)
  | ({ readonly kind: 'ks_gm_deleted'; readonly gm: string } & AtKs)
  | ({ readonly kind: 'ks_peer_reachable' | 'ks_peer_unreachable'; readonly peer: string } & AtKs);
