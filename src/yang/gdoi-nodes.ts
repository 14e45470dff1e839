/**
 * The nodes of Cisco's operational model of crypto (module `Cisco-IOS-XE-crypto-oper`) that are asked for, and every
 * leaf they have in the revisions of 2021-03-01 (IOS XE 17.5.1, the first with GDOI) and later. A leaf that is listed
 * here and not read is known and not needed; one that is not listed is counted, so that a new release shows.
 */

/** Leaves by name, and what stands inside under its name. */
export interface NodeShape {
  readonly leaves: readonly string[];
  readonly inner?: ReadonlyMap<string, NodeShape>;
}

export const GDOI_NODE_NAMES = [
  'gdoi-gm',
  'gdoi-gm-rekey',
  'gdoi-rekey-sa',
  'gdoi-gm-replay',
  'gdoi-gm-dp-counters',
  'gdoi-ks',
  'gdoi-ks-policy',
  'gdoi-ks-mem',
  'gdoi-ks-coop',
  'gdoi-ks-rekey',
] as const;
export type GdoiNode = (typeof GDOI_NODE_NAMES)[number];

const GM_ENTRY: NodeShape = {
  leaves: [
    'group-name',
    'local-addr',
    'remote-addr',
    'vrf-enabled',
    'vrf-name',
    'gm-ver',
    'gm-state',
    'prev-reg-time',
    'secs-to-re-reg',
    'succ-reg',
    'att-reg',
    'last-rekey-from-ks',
    'last-rekey-seq-num',
    'last-rekey-time',
    'rekeys-rcvd',
    'rekey-acks-sent',
    'pfs-rekeys',
    'dp-error',
    'dp-interval',
    'dp-reg',
    'num-ipsec-init-reg-exec',
    'num-ipsec-init-reg-ppnd',
    'active-tek-count',
    'sa-track',
    'sa-track-oid',
    'sa-track-is-up',
    'fail-close-revert',
    'ks-policy-removal-time',
  ],
};

/** What KEK entries of `gdoi-rekey-sa` and of `gdoi-ks-policy` have in common. */
const KEK_LEAVES = [
  'kek-spi',
  'mgmt-alg',
  'encr-alg',
  'crypto-iv-len',
  'key-size',
  'orig-life',
  'sig-hash-alg',
  'sig-key-len',
  'sig-size',
  'rekey-ack-type',
] as const;

const REKEY_SA_KEK: NodeShape = {
  leaves: [
    ...KEK_LEAVES,
    'transport-type',
    'local-addr',
    'remote-addr',
    'birth-time',
    'ikev1-conn-id',
    'ikev2-conn-id',
    'seq-num',
    'prev-seq-num',
    'ike-handle',
    'gm-mode',
    'if-name',
  ],
};

const POLICY_KEK: NodeShape = {
  leaves: [...KEK_LEAVES, 'rekey-transport-type', 'kek-birth-time', 'rem-life', 'time-to-rekey', 'sig-key-name'],
};

const POLICY_TEK: NodeShape = {
  leaves: [
    'encaps-mode',
    'tek-spi',
    'acl',
    'transform-mode',
    'alg-key-size',
    'sig-key-size',
    'orig-life',
    'tek-birth-time',
    'rem-life',
    'override-life',
    'anti-replay-window',
    'time-to-rekey',
  ],
};

const COOP_TIMERS: NodeShape = {
  leaves: ['sync-time', 'retries', 'invalid-msgs', 'reg-blocked', 'per-user-enabled', 'per-user-time'],
};

const COOP_KS_LEAVES = [
  'ks-addr',
  'priority',
  'role',
  'status',
  'version',
  'coop-version',
  'anti-replay-seq-num',
] as const;

export const GDOI_NODES: Readonly<Record<GdoiNode, NodeShape>> = {
  'gdoi-gm': { leaves: ['group-name', 'sa-dir', 'acl-rcvd'], inner: new Map([['gm-entry', GM_ENTRY]]) },
  'gdoi-gm-rekey': {
    leaves: ['group-name', 'transport-type', 'total-rekeys-rcv', 'rekeys-rcv-after-reg', 'rekey-acks-sent', 'detail'],
    inner: new Map([
      [
        'kek-sa',
        { leaves: ['kek-sa-type', 'dst-ip', 'src-ip', 'conn-id', 'my-cookie', 'his-cookie'] } satisfies NodeShape,
      ],
    ]),
  },
  'gdoi-rekey-sa': {
    leaves: ['group-name'],
    inner: new Map([
      ['kek-db-stats', { leaves: ['num-active', 'num-malloc', 'num-free'] } satisfies NodeShape],
      ['kek-entry', REKEY_SA_KEK],
    ]),
  },
  'gdoi-gm-replay': {
    leaves: [
      'group-name',
      'time-based-replay',
      'replay-value',
      'input-pkts',
      'output-pkts',
      'input-error-pkts',
      'output-error-pkts',
      'time-sync-error',
      'max-time-delta',
    ],
  },
  'gdoi-gm-dp-counters': {
    leaves: [
      'group-name',
      'pkts-encrypt',
      'pkts-decrypt',
      'pkts-tagged',
      'pkts-untagged',
      'pkts-no-sa',
      'pkts-invalid-sa',
      'pkts-encaps-fail',
      'pkts-decap-fail',
      'pkts-invalid-prot',
      'pkts-verify-fail',
      'pkts-not-tagged',
      'pkts-not-untagged',
      'pkts-internal-err-send',
      'pkts-internal-err-rcv',
    ],
  },
  'gdoi-ks': {
    leaves: [
      'group-name',
      'group-id',
      're-auth',
      'group-type',
      'gikev2-prof',
      'total-mem',
      'gdoi-mem',
      'gikev2-mem',
      'rekey-ack',
      'sa-dir',
      'ipd3p-window',
      'pfs',
      'sp-resil-factor',
      'redundancy',
      'ks-addr',
      'priority',
      'status',
      'role',
      'version',
      'coop-version',
      'acl',
    ],
  },
  'gdoi-ks-policy': {
    leaves: ['group-name'],
    inner: new Map([
      [
        'ks-entry',
        {
          leaves: ['ks-ip', 'total-tek', 'seq-num', 'valid-kek'],
          inner: new Map([
            ['kek', POLICY_KEK],
            ['tek', POLICY_TEK],
          ]),
        } satisfies NodeShape,
      ],
    ]),
  },
  'gdoi-ks-mem': {
    leaves: ['group-name', 'group-id', 'tot-group-mem', 'num-rekeys-sent', 'num-rexmit', 'duration'],
    inner: new Map([
      ['ks-entry', { leaves: ['ks-ip', 'gmdb-state', 'group-mem'] } satisfies NodeShape],
      [
        'gm-entry',
        {
          leaves: [
            'gm-number',
            'gm-id',
            'gm-ver',
            'group-type',
            'gm-state',
            'ks-id',
            'rekeys-sent',
            'rekey-retries',
            'rekey-acks-rcvd',
            'rekey-acks-missed',
          ],
        } satisfies NodeShape,
      ],
    ]),
  },
  'gdoi-ks-coop': {
    leaves: ['group-name', 'redundancy'],
    inner: new Map<string, NodeShape>([
      [
        'local-ks',
        {
          leaves: [...COOP_KS_LEAVES, 'coop-refresh-time', 'sec-refresh-time'],
          inner: new Map([['ks-timers', COOP_TIMERS]]),
        },
      ],
      [
        'peer-ks',
        {
          leaves: [
            ...COOP_KS_LEAVES,
            'ike-status',
            'ann-msgs-sent',
            'reply-req-sent',
            'ann-msgs-rcv',
            'reply-req-rcv',
            'pkts-sent-drops',
            'pkts-rcv-drops',
            'bytes-sent',
            'bytes-rcv',
            'protocol',
          ],
        },
      ],
    ]),
  },
  'gdoi-ks-rekey': {
    leaves: [
      'group-name',
      'rekey-ack',
      'rekey-in-progress',
      'rekeys-sent',
      'rekeys-rexmit',
      'kek-lifetime',
      'kek-birth-time',
      'kek-rem-life',
      'rem-time-kek-rekey',
      'rexmit-period',
      'num-rexmit',
      'cur-rexmit',
      'delete-in-progress',
    ],
    inner: new Map([
      [
        'ipsec-sa',
        {
          leaves: ['ipsec-sa-num', 'tek-birth-time', 'tek-lifetime', 'rem-tek-lifetime', 'rem-time-tek-rekey'],
        } satisfies NodeShape,
      ],
    ]),
  },
};
