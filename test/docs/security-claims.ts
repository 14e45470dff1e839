/**
 * What proves each sentence and each row of docs/security.md: the files below test/ and the titles of tests in them,
 * each after those of its groups. `security-claims.test.ts` holds the page and this table together; whether a test
 * proves what the sentence says is for people to judge, here, side by side.
 */

/** What the page says, the source file, and how it says it. */
type Figure = readonly [said: string, file: string, code: string];

export type Claim = { readonly begins: string } & (
  | {
      readonly provedBy: ReadonlyArray<readonly [file: string, ...titles: readonly string[]]>;
      readonly figures?: readonly Figure[];
    }
  /** Why nothing has to hold for it to be true. */
  | { readonly needsNoProof: string }
);

const ADVICE = 'advice to the reader: what he does, and not the agent';

const BOUNDARIES: readonly Claim[] = [
  { begins: 'What gdoiwatch trusts', needsNoProof: 'says what the page is about' },
  {
    begins: 'A test names, for each sentence',
    provedBy: [['docs/security-claims.test.ts', 'docs/security.md > has one row of the table for: %s']],
  },
  {
    begins: 'the configuration file and its secret files |',
    provedBy: [
      [
        'config/secret-program.test.ts',
        'a program that prints a secret > is found beside the configuration or in PATH, and its line end is no part of the secret',
      ],
    ],
  },
  {
    begins: 'programs of `password_command` |',
    provedBy: [
      [
        'config/secret-program.test.ts',
        'a program that prints a secret > gets its arguments unchanged: no shell reads them',
        'a program that prints a secret > that %s is an error in one line, without what it said',
        'a program that prints a secret > that does not end is killed with all it started after ten seconds',
      ],
    ],
  },
  {
    begins: 'routers, over SSH |',
    provedBy: [
      [
        'access/access-limits.test.ts',
        'host keys > strict refuses an unknown key, shows it, and takes it once the line is added',
      ],
      ['hostile/ssh-floods.test.ts', 'a router that > %s loses its connection, with a reason, and is left alone'],
    ],
  },
  {
    begins: 'routers, over RESTCONF |',
    provedBy: [
      [
        'access/restconf-access.test.ts',
        'whom it trusts > strict: an unknown certificate is refused with the line that makes it known; nothing is sent',
        'what is received > %s is a failure of its kind, in one line',
        'what is received > a device that %s is a timeout',
      ],
      ['hostile/restconf-servers.test.ts', 'a device that answers with > %s fails, in one line, without its octets'],
    ],
  },
  {
    begins: 'routers, over SNMP |',
    provedBy: [
      ['access/snmp-engine.test.ts', 'an %s session > accepts only data that is secured like its own requests'],
      [
        'access/snmp-hostile.test.ts',
        'a datagram that is no answer > because it %s is dropped and counted; the real one counts',
      ],
    ],
  },
  {
    begins: 'jump hosts |',
    provedBy: [
      [
        'access/jump-hosts.test.ts',
        'devices behind a jump host > are not asked through one whose key is not known',
        'devices behind a jump host > get nothing through one before their own host key is accepted',
      ],
    ],
  },
  { begins: 'the SSH agent |', provedBy: [['access/jump-hosts.test.ts', 'an SSH agent’s keys > log in to a device']] },
  {
    begins: 'log messages and traps | a hint',
    provedBy: [
      ['agent/heard/heard.test.ts', 'forged messages from the address of a quiet GM cause polls and no event'],
      [
        'gdoi/tracker/tracker-snmp.test.ts',
        'SNMP alone > reports no event from traps while no timer was due and no key changed',
      ],
    ],
  },
  {
    begins: 'clients of the web side |',
    provedBy: [
      [
        'hostile/http-queries.test.ts',
        'if tokens are required, any request > with one that may only read polls nothing and reloads nothing',
      ],
      [
        'access/ssh-dialogue.test.ts',
        'a session with an IOS device, held $where > runs no command from outside the list',
      ],
    ],
  },
  {
    begins: 'service discovery |',
    provedBy: [
      [
        'config/target-bounds.test.ts',
        'labels only tighten > %s: %s is left out, and said',
        'credentials > those of targets.credentials may be used, and no other, not even the default',
        'addresses > %s is not',
      ],
      [
        'config/target-device.test.ts',
        'the first of a name stays: the configuration file, then the sources in their order',
      ],
    ],
  },
  {
    begins: "the store's files |",
    provedBy: [
      [
        'store/sqlite-store.test.ts',
        'a SQLite store over restarts > leaves out a state that parses and is not what was stored',
        'a damaged row > costs itself: the page has the others, and the pages go on behind it',
      ],
    ],
  },
  {
    begins: 'PostgreSQL |',
    provedBy: [
      [
        'store/postgres-tls.test.ts',
        '%s is refused where the certificate is for another name',
        'a certificate of an authority that is not named is refused',
      ],
      [
        'hostile/postgres-servers.test.ts',
        'a store, %s, at the address of > %s is not opened, in one line',
        'a conversation with any octets of it changed ends: never in a hang, never in the process',
      ],
      [
        'store/postgres-store.test.ts',
        'a damaged row > costs itself: the others come, and pages go on after it',
        'opening > refuses a database of another program, and one that a newer gdoiwatch wrote',
      ],
    ],
  },
  {
    begins: 'receivers of webhooks |',
    provedBy: [
      [
        'export/webhook-push.test.ts',
        'an event is sent as a CloudEvent, signed over id, time and body',
        'an event that it refuses is dropped and counted, and the next one is sent',
      ],
    ],
  },
  {
    begins: 'Prometheus, Alertmanager |',
    provedBy: [
      [
        'export/alertmanager-push.test.ts',
        'an Alertmanager that refuses > cannot fill the log: its words are one line of bounded length',
      ],
    ],
  },
];

const SENT: readonly Claim[] = [
  {
    begins: 'Over SSH the command lines in',
    provedBy: [
      ['access/show-command.test.ts', 'no word is typed at a router that is not written there'],
      ['access/ssh-dialogue.test.ts', 'a session with an IOS device, held $where > writes nothing but the fixed list'],
      [
        'access/restconf-access.test.ts',
        'what is sent > is GET of the listed paths, one after the other on one open connection',
      ],
    ],
  },
  {
    begins: 'A command or a path that is not on its list',
    provedBy: [
      [
        'access/ssh-dialogue.test.ts',
        'a session with an IOS device, held $where > runs no command from outside the list',
      ],
      ['access/restconf-access.test.ts', 'what is sent > cannot be a path that is not on the list'],
    ],
  },
  {
    begins: 'No name of a device, group or client',
    provedBy: [
      [
        'access/show-command.test.ts',
        'a command shows, in words that are fixed; none shows configuration, keys or files',
      ],
      [
        'access/restconf-access.test.ts',
        'what is sent > no path contains a group or a word of configuration, and none is an operation',
      ],
    ],
  },
  {
    begins: 'None shows configuration or keys.',
    provedBy: [
      [
        'access/show-command.test.ts',
        'a command shows, in words that are fixed; none shows configuration, keys or files',
      ],
      [
        'access/restconf-access.test.ts',
        'what is sent > no path contains a group or a word of configuration, and none is an operation',
      ],
    ],
  },
  {
    begins: 'SNMP only reads.',
    provedBy: [
      [
        'access/snmp-access.test.ts',
        'reads > are all that is asked: no request sets anything, whichever way the device is talked to',
      ],
    ],
  },
  {
    begins: 'A password is sent only after',
    provedBy: [
      [
        'access/session-workers.test.ts',
        'conversations held %s > sends nothing before its owner lets the handshake begin, and nothing secret before the host key is accepted',
      ],
      [
        'access/access-limits.test.ts',
        'a wrong password > is tried once; then the device waits an hour, or for another secret',
      ],
      ['access/auth-methods.test.ts', 'login > ends after one try of each secret, whatever a device lists'],
      [
        'access/restconf-access.test.ts',
        'whom it trusts > strict: an unknown certificate is refused with the line that makes it known; nothing is sent',
        'a good guest > a refused credential is tried once; the device then waits, and three in a row quarantine it',
      ],
    ],
    figures: [['an hour', 'src/access/credential-quarantine.ts', 'REFUSED_DEVICE_WAIT_MS = 60 * 60_000']],
  },
  {
    begins: 'A changed host key is refused',
    provedBy: [
      ['access/access-limits.test.ts', 'host keys > %s refuses a changed key, loudly, before any password is sent'],
    ],
  },
  {
    begins: 'A certificate is accepted if',
    provedBy: [
      [
        'access/restconf-access.test.ts',
        'whom it trusts > an authority is trusted for the right name only',
        'whom it trusts > a configured fingerprint decides alone',
        'whom it trusts > accept-new: the first one is remembered, another one is refused with every setting',
        'whom it trusts > nobody is trusted if the file of certificates cannot be read',
      ],
    ],
  },
  {
    begins: 'A jump host is verified',
    provedBy: [
      [
        'access/jump-hosts.test.ts',
        'devices behind a jump host > share one connection to it, and its key is remembered like that of a device',
        'devices behind a jump host > are not asked through one whose key is not known',
      ],
    ],
  },
  {
    begins: 'Three refusals in a row hold',
    provedBy: [
      [
        'access/credential-quarantine.test.ts',
        'a credential that twenty devices accepted and three others refuse > goes on at the twenty',
        'a credential that twenty devices accepted and three others refuse > waits at the devices that refused it, and at new ones',
      ],
    ],
    figures: [['Three refusals', 'src/access/credential-quarantine.ts', 'REFUSALS_TO_QUARANTINE = 3;']],
  },
  {
    begins: 'Only when three of these refuse it too',
    provedBy: [
      [
        'access/credential-quarantine.test.ts',
        'a password that was changed at the AAA server > is refused by three of the devices that had accepted it, and then waits at all of them',
        'a password that was changed at the AAA server > is probed by one device at a time, less and less often',
      ],
    ],
  },
  { begins: 'See the README for the limits', needsNoProof: 'says where more is to be read' },
];

const DISCOVERY: readonly Claim[] = [
  { begins: 'Whoever writes a list of targets', needsNoProof: 'the reason for what follows, which is proved' },
  {
    begins: 'So labels only make settings',
    provedBy: [
      [
        'config/target-bounds.test.ts',
        'labels only tighten > %s: %s is left out, and said',
        'labels only tighten > what the configuration allows every device, a target may have or make stricter',
      ],
    ],
  },
  {
    begins: 'A target uses the credentials of',
    provedBy: [
      [
        'config/target-bounds.test.ts',
        'credentials > %j names one that is not for targets',
        'credentials > those of targets.credentials may be used, and no other, not even the default',
      ],
      ['config/target-device.test.ts', 'a target is a device > with the defaults and credentials of the configuration'],
    ],
  },
  {
    begins: '`targets.addresses` are the addresses',
    provedBy: [
      [
        'config/target-bounds.test.ts',
        'addresses > %s is within',
        'addresses > %s is not',
        'addresses > an address is within its own prefix and outside of every other one of the same length',
        'addresses > without the setting any host may be',
      ],
    ],
  },
  {
    begins: 'A target may choose RESTCONF only',
    provedBy: [
      [
        'config/restconf.test.ts',
        'service discovery > may not choose both the host and RESTCONF if any public authority is trusted for its host',
        'service discovery > may choose RESTCONF with %s %s',
      ],
    ],
  },
  {
    begins: 'A device of the configuration file takes precedence',
    provedBy: [
      [
        'config/target-device.test.ts',
        'the first of a name stays: the configuration file, then the sources in their order',
      ],
      [
        'config/targets.test.ts',
        'targets from files > are there at the start, after the devices of the configuration, which go first',
      ],
    ],
  },
  {
    begins: '`http_sd` over plain HTTP',
    provedBy: [
      [
        'config/target-bounds.test.ts',
        'a list over plain HTTP > %s is a warning',
        'a list over plain HTTP > %s is none',
      ],
    ],
  },
  {
    begins: 'A list that drops more than half',
    provedBy: [
      [
        'product/targets-lost.test.ts',
        'a list that drops more than half of the devices changes nothing, and is reported; one that drops fewer counts',
      ],
    ],
  },
  {
    begins: 'Set `targets.addresses` if',
    provedBy: [
      [
        'config/target-bounds.test.ts',
        'labels only tighten > what the configuration allows every device, a target may have or make stricter',
        'addresses > without the setting any host may be',
      ],
    ],
  },
];

const HINTS: readonly Claim[] = [
  {
    begins: 'A log message or trap belongs',
    provedBy: [
      [
        'agent/heard/senders.test.ts',
        'the address decides: polled by it, listed as another one, or looked up',
        'an address that is one device’s wins over the name in the message',
      ],
    ],
  },
  {
    begins: 'A name in a message counts only',
    provedBy: [
      [
        'agent/heard/senders.test.ts',
        'behind one address the name in the message decides: configured, shown, or its first part',
        'from a relay (%s of %j) the name in the message tells',
        'from %s, which is neither a device nor a relay, a known name is worth nothing',
      ],
    ],
  },
  {
    begins: 'No device takes over the configured name',
    provedBy: [
      ['agent/heard/senders.test.ts', 'a device cannot take over another one’s configured name by its hostname'],
    ],
  },
  {
    begins: 'Hints that show nothing new',
    provedBy: [['agent/heard/hint-pace.test.ts', 'hints that show nothing cause fewer and fewer polls']],
  },
  {
    begins: 'A v3 trap from outside',
    provedBy: [
      [
        'access/trap-listener.test.ts',
        'a trap of v3 > that was recorded is refused once its engine has moved on by more than 150 s',
        'a trap of v3 > of an earlier boot is refused, one of a later boot starts a new time',
      ],
    ],
  },
  { begins: 'Syslog and SNMPv2c traps prove nothing', needsNoProof: 'says what these protocols are' },
  {
    begins: 'Such a message causes a poll',
    provedBy: [
      ['agent/heard/heard.test.ts', 'forged messages from the address of a quiet GM cause polls and no event'],
    ],
  },
  {
    begins: 'It may give the reason for',
    provedBy: [
      [
        'gdoi/explain/said-in-logs.test.ts',
        'KSs of one group that do not fit together > are no longer reported ten minutes after the last message of a KS',
      ],
    ],
  },
  {
    begins: 'It is no sign of life',
    provedBy: [
      [
        'gdoi/explain/agent-blind.test.ts',
        'a silent KS in whose name messages come > is ks_down all the same, and the messages are mentioned',
        'a silent KS in whose name messages come > has the same cause as without the messages, and its incident stays open',
      ],
    ],
  },
  {
    begins: 'Alone it makes no event',
    provedBy: [
      ['agent/heard/heard.test.ts', 'forged messages from the address of a quiet GM cause polls and no event'],
      [
        'gdoi/tracker/tracker-snmp.test.ts',
        'SNMP alone > reports no event from traps while no timer was due and no key changed',
      ],
    ],
  },
  {
    begins: 'What only the log of a KS shows',
    provedBy: [
      [
        'gdoi/explain/said-in-logs.test.ts',
        'KSs of one group that do not fit together > are a page when their policies differ, even if every GM is well',
      ],
    ],
  },
  { begins: 'So let only routers reach', needsNoProof: ADVICE },
];

const SECRETS: readonly Claim[] = [
  {
    begins: 'Passwords, keys, communities and tokens come from',
    provedBy: [
      ['config/load.test.ts', 'credentials > $title'],
      ['config/web-config.test.ts', 'the file of tokens > has tokens or their digests; only digests are kept'],
      [
        'e2e/check.test.ts',
        'without an agent > a host that is in no configuration: by its address, with a password from a file or the environment',
      ],
    ],
  },
  {
    begins: 'A file that everyone can read',
    provedBy: [
      ['config/load.test.ts', 'credentials > a secret file that everyone can read is a warning, one for each file'],
      ['config/web-config.test.ts', 'the file of tokens > one that everyone can read is a doubt'],
    ],
  },
  {
    begins: 'In memory they are objects',
    provedBy: [
      [
        'config/load-properties.test.ts',
        'whatever the file holds > a loaded configuration shows [secret] for each secret',
      ],
      ['config/web-config.test.ts', 'the file of tokens > has tokens or their digests; only digests are kept'],
    ],
  },
  {
    begins: 'Tests plant secrets',
    provedBy: [
      [
        'config/load-properties.test.ts',
        'whatever the file holds > no secret is shown: not of a right file, a wrong one, or one with the secret in the wrong place',
      ],
      ['access/access-limits.test.ts', 'a wrong password > appears in no log and no error'],
      ['agent/heard/heard.test.ts', 'no secret is in any line of the log, view or event'],
      [
        'agent/poll/difficult-devices.test.ts',
        'a fleet of difficult devices > no secret is in any line of the log or in any view',
      ],
      [
        'hostile/echoed-secrets.test.ts',
        'a router that echoes our secrets, with its session $where > %s gets them nowhere',
      ],
      ['http/authentication.test.ts', 'no answer and no log line contains a credential'],
    ],
  },
  {
    begins: "Neither a webhook's URL nor its key",
    provedBy: [['export/webhook-push.test.ts', 'neither the URL nor the key reaches a log or a metric']],
  },
  {
    begins: 'A wrong password of PostgreSQL',
    provedBy: [
      ['store/postgres-store.test.ts', 'opening > reports a wrong password in one line, without its value'],
      [
        'config/load.test.ts',
        "the contract's own example > takes PostgreSQL as the store, and doubts a password in the file and a connection that is not encrypted",
      ],
    ],
  },
  {
    begins: 'A program is run without a shell.',
    provedBy: [
      [
        'config/secret-program.test.ts',
        'a program that prints a secret > gets its arguments unchanged: no shell reads them',
      ],
    ],
  },
  {
    begins: 'It has ten seconds and 64 KiB',
    provedBy: [
      [
        'config/secret-program.test.ts',
        'a program that prints a secret > that does not end is killed with all it started after ten seconds',
        'a program that prints a secret > that %s is an error in one line, without what it said',
      ],
    ],
    figures: [
      ['ten seconds', 'src/config/run-program.ts', 'PROGRAM_SECONDS = 10;'],
      ['64 KiB', 'src/config/run-program.ts', 'MAX_PROGRAM_BYTES = 64 * 1024;'],
    ],
  },
  {
    begins: 'Its standard error',
    provedBy: [
      [
        'config/secret-program.test.ts',
        'a program that prints a secret > that %s is an error in one line, without what it said',
      ],
    ],
  },
  {
    begins: 'A password is typed only where',
    provedBy: [
      [
        'access/password-questions.test.ts',
        'a question that belongs to a change of the password > %j is not answered',
        'a device that asks for a change of the password > in the shell with %j is told nothing, and the poll ends as auth',
        'a device that asks for a change of the password > at enable gets no answer',
        'a device that asks for a change of the password > by keyboard-interactive gets no answer',
      ],
    ],
  },
  {
    begins: 'What routers say is searched',
    provedBy: [
      [
        'hostile/echoed-secrets.test.ts',
        'a router that echoes our secrets, with its session $where > %s gets them nowhere',
        'a router that echoes our secrets > in a log message gets them nowhere',
      ],
      [
        'access/echoed-passwords.test.ts',
        'an echoed password > is in no message of a missing prompt, whatever it is and wherever it stands',
        'an echoed password > is nowhere in a document, however its characters are escaped',
      ],
      [
        'kernel/known-secrets.test.ts',
        'text of a device > loses every secret, wherever and however often it occurs',
        'text of a device > loses a secret completely that contains another one, whichever was added first',
      ],
    ],
  },
  {
    begins: 'A secret that IOS also prints',
    provedBy: [['kernel/known-secrets.test.ts', 'a secret that IOS prints by itself is left alone > %j']],
    figures: [
      ['fewer than four characters', 'src/kernel/known-secrets.ts', 'SHORTEST = 4;'],
      ['fewer than eight digits', 'src/kernel/known-secrets.ts', 'SHORTEST_NUMBER = 8;'],
    ],
  },
  { begins: 'Choose others.', needsNoProof: ADVICE },
  {
    begins: 'The store and the files of known',
    provedBy: [
      [
        'store/sqlite-store.test.ts',
        'the files of the store > are for their owner only, whatever the umask',
        'the files of the store > are made so if an older version left them readable',
      ],
      ['access/access-limits.test.ts', 'host keys > accept-new records the first key in a file only its owner reads'],
      ['access/restconf-access.test.ts', 'whom it trusts > the file of known certificates is for its owner only'],
    ],
  },
  {
    begins: 'What routers print goes to the page',
    provedBy: [
      [
        'agent/record/recorder.test.ts',
        'a poll is recorded as the timeline that replay reads: log lines, answers, failures, one file a day',
      ],
      [
        'http/devices.test.ts',
        '/api/v1/devices/NAME > shows all that is known: snapshots in the contract’s shape, plans, health, the device’s own words',
      ],
    ],
  },
  { begins: 'The answers contain addresses', needsNoProof: ADVICE },
];

const FAULTS: readonly Claim[] = [
  {
    begins: "A fault of the agent's own affects",
    provedBy: [
      [
        'agent/faults.test.ts',
        'a fault while polling one device marks that device failed; the others are polled on',
        'a listener that throws costs neither the device nor the other listeners',
      ],
      ['access/syslog-listener.test.ts', 'syslog over UDP > goes on when whoever takes the messages fails on one'],
      [
        'http/server.test.ts',
        'an error is a problem document > for a failure of ours: the client learns nothing of it, the log everything',
      ],
    ],
  },
  {
    begins: 'It is logged once with its stack',
    provedBy: [
      ['agent/faults.test.ts', 'a fault while polling one device marks that device failed; the others are polled on'],
      ['dashboards/rules.test.ts', '%s is tested to fire, with its words, and not to fire'],
    ],
  },
  {
    begins: 'The client of a failed request',
    provedBy: [
      [
        'http/server.test.ts',
        'an error is a problem document > for a failure of ours: the client learns nothing of it, the log everything',
      ],
    ],
  },
  {
    begins: 'A device, group or member may have any name',
    provedBy: [
      ['agent/faults.test.ts', 'a group may be called as what every object inherits, and a device too'],
      [
        'agent/outside-names.test.ts',
        'in a recording: devices, groups, members, messages and traps',
        'in a configuration: devices, labels, credentials and variables',
      ],
      ['store/sqlite-store.test.ts', 'a damaged row > is no row that names a device, group, state or member %j'],
      [
        'architecture/outside-names.test.ts',
        'no type says that any text is a key of it, but for those where nothing from outside is looked up',
      ],
    ],
  },
  {
    begins: 'A damaged row of the store',
    provedBy: [
      [
        'store/sqlite-store.test.ts',
        'a SQLite store over restarts > leaves out a state that does not parse, with a warning, and nothing else',
        'a SQLite store over restarts > leaves out a state that parses and is not what was stored',
        'a damaged row > costs itself: the page has the others, and the pages go on behind it',
      ],
    ],
  },
  {
    begins: 'A write-ahead log that is missing',
    provedBy: [
      [
        'store/sqlite-store.test.ts',
        'the write-ahead log of a store whose agent was killed > that is %s is missed: the history is not silently shorter',
        'the write-ahead log of a store whose agent was killed > that is damaged is set aside by name',
      ],
      [
        'store/wal-check.test.ts',
        'says how many commits SQLite does not read back, wherever a byte of a frame is wrong',
      ],
    ],
  },
  {
    begins: 'A store that is damaged as a whole',
    provedBy: [
      [
        'store/sqlite-store.test.ts',
        'a SQLite store over restarts > is set aside by name when %s is damaged, and an empty one begins',
      ],
    ],
  },
  {
    begins: 'Each is counted in',
    provedBy: [
      [
        'store/sqlite-store.test.ts',
        'a damaged row > costs itself: the page has the others, and the pages go on behind it',
        'the write-ahead log of a store whose agent was killed > that is damaged is set aside by name',
        'a SQLite store over restarts > is set aside by name when %s is damaged, and an empty one begins',
      ],
      ['dashboards/rules.test.ts', '%s is tested to fire, with its words, and not to fire'],
    ],
  },
  {
    begins: 'A store has one agent',
    provedBy: [
      [
        'product/start-and-stop.test.ts',
        'one agent for each store: a second one is refused, and may start when the first has stopped',
      ],
      ['e2e/start-and-stop.test.ts', 'a second agent on the same store is refused, and the first goes on'],
    ],
  },
  {
    begins: 'A reload that would remove',
    provedBy: [
      [
        'agent/fleet-changes.test.ts',
        'a reload that would remove more than half of the devices is refused, and changes nothing',
        'a reload removes %s',
      ],
    ],
  },
  {
    begins: 'The state of a device that was removed',
    provedBy: [
      [
        'agent/fleet-changes.test.ts',
        'its state is kept for a week, also over restarts, and no longer',
        'a device that was left out by mistake goes on from its state: what it did meanwhile is found',
      ],
    ],
  },
  {
    begins: 'A named pipe is not accepted',
    provedBy: [['e2e/start-and-stop.test.ts', 'a named pipe is no configuration']],
  },
];

const BOUNDS: readonly Claim[] = [
  {
    begins: 'Everything that comes from outside has a limit.',
    needsNoProof: 'the heading of the rows below, each of which is proved',
  },
  {
    begins: 'an answer over SSH |',
    provedBy: [
      [
        'access/answer-reader.test.ts',
        'an answer on the terminal > is refused when it is larger than the bound, or one line is',
        'an answer on the terminal > is refused when it has more lines than memory is given to, each of them %j',
      ],
      [
        'access/ssh-dialogue.test.ts',
        'a device that misbehaves, its session held $where > and babbles gives too_large',
        'a device that misbehaves, its session held $where > and erases a long line again and again before its prompt gives too_large, in time in proportion to its bytes',
        'a device that misbehaves, its session held $where > and hangs inside an answer gives timeout; the connection is closed and the next poll gets a new one',
      ],
    ],
    figures: [
      [
        '16 MiB, lines of 64 KiB',
        'src/access/ssh/answer-reader.ts',
        'maxBytes: 16 * 1024 * 1024, maxLineLength: 64 * 1024',
      ],
      ['500,000 of them', 'src/access/ssh/answer-reader.ts', 'MOST_LINES = 500_000;'],
      [
        'before the prompt 1 MiB, the same lines',
        'src/access/ssh/login-dialogue.ts',
        'MAX_LOGIN_BYTES = 1024 * 1024;\nconst MAX_LOGIN_LINE = DEFAULT_BOUNDS.maxLineLength;',
      ],
    ],
  },
  {
    begins: 'an answer over RESTCONF |',
    provedBy: [
      [
        'access/restconf-access.test.ts',
        'what is received > %s is a failure of its kind, in one line',
        'what is received > a device that %s is a timeout',
      ],
    ],
    figures: [
      ['16 MiB', 'src/access/restconf/restconf-connection.ts', 'MAX_BODY_BYTES = 16 * 1024 * 1024;'],
      ['64 levels', 'src/kernel/json-depth.ts', 'MAX_JSON_DEPTH = 64;'],
      ['500,000 values', 'src/access/restconf/restconf-connection.ts', 'MAX_VALUES = 500_000;'],
      ['16 KiB of headers', 'src/access/restconf/restconf-connection.ts', 'MAX_HEADER_BYTES = 16 * 1024;'],
    ],
  },
  {
    begins: 'an SNMP read |',
    provedBy: [
      [
        'access/snmp-hostile.test.ts',
        'a walk of an agent > that never ends stops at the bound',
        'a walk of an agent > that answers every request at the last moment ends at the time limit of the read',
      ],
      ['access/snmp-walk.test.ts', 'a walk > ends as a problem at the bound for %s'],
    ],
    figures: [
      [
        '50,000 values, 2,000 requests, 8 MB',
        'src/access/snmp/column-walk.ts',
        'varbinds: 50_000, requests: 2_000, octets: 8_000_000',
      ],
    ],
  },
  {
    begins: 'an SSH connection, beside its text |',
    provedBy: [
      [
        'hostile/ssh-floods.test.ts',
        'a router that > %s loses its connection, with a reason, and is left alone',
        'a router that > floods after every answer is left alone longer and longer',
      ],
    ],
    figures: [
      ['300 packets', 'src/access/ssh/line-meter.ts', 'octets: 256 * 1024, packets: 300'],
      ['512 from one command', 'src/access/ssh/line-meter.ts', 'octets: 1024 * 1024, packets: 512'],
      ['fewer than 64 octets in a packet', 'src/access/ssh/channel-packets.ts', 'LEAST_PACKET = 64;'],
      ['At most 8 KiB of one connection', 'src/access/ssh/guarded-client.ts', 'SLICE_OCTETS = 8 * 1024'],
      [
        'four key exchanges, then one a minute or 64 KiB',
        'src/access/ssh/line-meter.ts',
        'KEY_EXCHANGES = 4;\nconst KEY_EXCHANGE_MS = 60_000;\nconst KEY_EXCHANGE_OCTETS = 64 * 1024;',
      ],
      ['500 packets or 1 MB, then a tenth a second', 'src/access/ssh/read-share.ts', 'burst: 2_000, perSecond: 200'],
      ['2,500 packets a second', 'src/access/ssh/read-share.ts', 'perSecond: 10_000'],
      ['30 s, doubling to an hour', 'src/access/ssh/ssh-access.ts', 'firstMs: 30_000, longestMs: 3_600_000'],
    ],
  },
  {
    begins: 'sessions |',
    provedBy: [
      [
        'access/access-limits.test.ts',
        'the limits > never let more handshakes run at once than configured',
        'the limits > let one caller at a device at a time, the next one after it',
      ],
      ['agent/schedule/scheduler.test.ts', 'the fleet never has more polls under way than its limit'],
    ],
    figures: [
      ['50 logins a second', 'src/config/schema.ts', 'logins_per_second: loginsPerSecond.default(50)'],
      ['128 at once', 'src/config/schema.ts', 'max_handshakes: maxHandshakes.default(128)'],
      ['512 polls', 'src/config/schema.ts', 'concurrent_polls: wholeNumber(1, 4096).default(512)'],
    ],
  },
  {
    begins: 'a jump host |',
    provedBy: [
      [
        'access/jump-hosts.test.ts',
        'devices behind a jump host > share one connection to it, and its key is remembered like that of a device',
        'devices behind a jump host > spend one login on a credential that it refuses, and their own credential stays good',
      ],
      ['hostile/jump-hosts.test.ts', 'a jump host that > %s is disconnected after ten minutes without a device'],
    ],
    figures: [
      ['ten idle minutes', 'src/access/ssh/jump-hosts.ts', 'IDLE_MS = 10 * 60_000;'],
      ['20 s for it', 'src/access/ssh/jump-hosts.ts', 'LOGIN_MS = 20_000;'],
      ['an hour after a refusal', 'src/access/ssh/jump-hosts.ts', 'REFUSED_WAIT_MS = 60 * 60_000;'],
    ],
  },
  {
    begins: 'lists of a device |',
    provedBy: [
      [
        'ios/row-bounds.test.ts',
        'an answer with an endless list > is read up to the limit of %s, and the lines beyond it are unknown',
      ],
      [
        'ios/row-bounds.test.ts',
        'an answer to %s with endless groups is read up to the limit of groups, and the lines beyond it are unknown',
      ],
      [
        'yang/decode-gdoi.test.ts',
        'a KS > with endless lists of members, TEKs and peers is read up to the limits, and the excess is counted',
      ],
      ['mib/decode-gdoi.test.ts', 'the TEKs of a GM > are read up to a limit, and those beyond it are counted'],
    ],
    figures: [
      ['10,000 members', 'src/gdoi/seen/row-bounds.ts', 'MOST_MEMBERS = 10_000;'],
      ['256 TEKs', 'src/gdoi/seen/row-bounds.ts', 'MOST_TEKS = 256;'],
      ['32 peers', 'src/gdoi/seen/row-bounds.ts', 'MOST_PEERS = 32;'],
      ['128 groups', 'src/gdoi/seen/row-bounds.ts', 'MOST_GROUPS = 128;'],
      ['32 key servers', 'src/gdoi/seen/row-bounds.ts', 'MOST_KEY_SERVERS = 32;'],
      ['1,000 ACEs', 'src/gdoi/seen/row-bounds.ts', 'MOST_ACES = 1_000;'],
      ['16 rekey SAs', 'src/gdoi/seen/row-bounds.ts', 'MOST_REKEY_SAS = 16;'],
      ['20,000 IKE SAs', 'src/gdoi/seen/row-bounds.ts', 'MOST_IKE_SAS = 2 * MOST_MEMBERS;'],
      ['10,000 pairs of idents', 'src/gdoi/seen/row-bounds.ts', 'MOST_IPSEC_FLOWS = 10_000;'],
    ],
  },
  {
    begins: 'groups of a device |',
    provedBy: [
      [
        'agent/fleet-changes.test.ts',
        'a device that shows other groups at every poll has a bounded part of memory, metrics and store',
        'totals of groups that vanished fold into one',
        'totals of groups that ended are as bounded after a restart',
      ],
    ],
    figures: [['32', 'src/gdoi/memory/tracker-state.ts', 'MAX_GROUPS = 32;']],
  },
  {
    begins: 'log messages and traps | 2,000',
    provedBy: [
      [
        'access/pushed-bounds.test.ts',
        'the rate at which messages are taken > is a burst of each source, then so many a second',
        'the rate at which messages are taken > is bounded for all sources together, and a refused source keeps its own allowance',
      ],
      [
        'access/syslog-listener.test.ts',
        'syslog over UDP > drops and counts what is too long and what is no syslog',
        'syslog over TCP > refuses connections above the limit of all',
      ],
      [
        'access/trap-listener.test.ts',
        'a datagram that is no notification > %s is counted and dropped',
        'a flood of traps > of one sender is dropped above its rate, and no inform of it answered',
      ],
    ],
    figures: [
      ['2,000 a second from one address', 'src/access/listeners/rate-limit.ts', 'source: { perSecond: 2000,'],
      ['10,000 in all', 'src/access/listeners/rate-limit.ts', 'overall: { perSecond: 10_000,'],
      ['8 KiB a message', 'src/access/listeners/syslog/syslog-bounds.ts', 'messageOctets: 8192,'],
      ['17,940 octets a trap', 'src/access/listeners/traps/trap-listener.ts', 'MAX_DATAGRAM_OCTETS = 17_940;'],
      ['2,000 TCP connections', 'src/access/listeners/syslog/syslog-bounds.ts', 'connections: 2000,'],
    ],
  },
  {
    begins: 'polls because of hints |',
    provedBy: [
      [
        'agent/schedule/scheduler.test.ts',
        'hints cause one poll at once, then at most one a second, and the schedule stays',
        'a storm of hints is spread over the fleet',
      ],
      ['agent/heard/hint-pace.test.ts', 'hints that show nothing cause fewer and fewer polls'],
    ],
    figures: [
      ['one a second', 'src/agent/schedule/scheduler.ts', 'HINT_GAP_MS = 1000;'],
      ['100 a second', 'src/agent/schedule/scheduler.ts', 'HINT_SPACING_MS = 10;'],
      ['one in five minutes', 'src/agent/heard/hint-pace.ts', 'longestMs: 300_000'],
    ],
  },
  {
    begins: 'polls on request |',
    provedBy: [
      [
        'agent/schedule/poll-requests.test.ts',
        'requests are limited over the fleet, whatever devices they name, and unknown names cost nothing',
      ],
    ],
    figures: [['50 in a burst, then 10 a second', 'src/agent/schedule/poll-requests.ts', 'burst: 50, perSecond: 10']],
  },
  {
    begins: 'events that wait for a store that fails |',
    provedBy: [
      [
        'agent/record/intake.test.ts',
        'observations become events > a full store delays events, not tracking: one error, and all events go out when there is room',
      ],
    ],
    figures: [['100,000', 'src/agent/record/unkept.ts', 'MAX_WAITING_EVENTS = 100_000;']],
  },
  {
    begins: 'a list of targets |',
    provedBy: [
      [
        'config/targets.test.ts',
        'targets from files > a file over the bound is refused, and one that cannot be read is read again when it can',
        'targets from a URL > %s leaves the list as it was',
        'targets from a URL > an answer that never ends delays the start until its deadline only',
      ],
      ['config/target-device.test.ts', 'the texts of file_sd and http_sd > %s is malformed'],
    ],
    figures: [
      ['32 MiB', 'src/config/service-discovery/targets.ts', 'MAX_JSON_BYTES = 32 * 1024 * 1024;'],
      ['32 MiB', 'src/config/service-discovery/http-targets.ts', 'MAX_ANSWER_BYTES = 32 * 1024 * 1024;'],
      ['YAML: 1 MiB', 'src/config/service-discovery/targets.ts', 'MAX_YAML_BYTES = 1024 * 1024;'],
      ['200,000 targets', 'src/config/service-discovery/target-groups.ts', 'MAX_TARGETS = 200_000;'],
      ['10 s', 'src/config/service-discovery/http-targets.ts', 'TIMEOUT_MS = 10_000;'],
    ],
  },
  {
    begins: 'HTTP |',
    provedBy: [
      [
        'hostile/slow-clients.test.ts',
        'while thousands of clients > %s, every probe of liveness and readiness is answered',
        'while thousands of clients > of all these manners come at once, the same holds, and the closed ones are counted',
        'a request that does not come to its end > %s is closed when its time is over, also where the client keeps its side open',
      ],
      ['http/event-stream.test.ts', 'there are only so many streams at once'],
      ['http/server.test.ts', 'an error is a problem document > for a request that is too large'],
    ],
    figures: [
      [
        '1,024 connections, of one address 256 that wait and 128 that are answered',
        'src/http/guard/connections.ts',
        'waitingOfOne: 256, busyOfOne: 128, all: 1024',
      ],
      ['two requests at once', 'src/http/guard/connections.ts', 'MAX_PIPELINED = 2;'],
      ['1,024 event streams', 'src/http/events/event-streams.ts', 'MAX_STREAMS = 1024;'],
      ['16 KiB of headers', 'src/http/app.ts', 'MAX_HEADER_BYTES = 16 * 1024;'],
      ['10 s', 'src/http/app.ts', 'REQUEST_TIMEOUT_MS = 10_000;'],
      ['each second', 'src/http/app.ts', 'LATE_CHECK_MS = 1_000;'],
    ],
  },
  {
    begins: 'passwords to check |',
    provedBy: [
      [
        'hostile/slow-clients.test.ts',
        'while twenty clients try passwords > the thread that polls goes on: four of one address are checked beside it, the others told to come back',
      ],
    ],
    figures: [
      ['32', 'src/http/guard/password-check.ts', 'MAX_WAITING = 32;'],
      ['of one address 4', 'src/http/guard/password-check.ts', 'MAX_WAITING_OF_ONE = 4;'],
    ],
  },
  {
    begins: 'wrong credentials from one address |',
    provedBy: [['http/authentication.test.ts', 'wrong credentials > are not looked at any more after ten in a minute']],
    figures: [['10 a minute', 'src/http/guard/failed-attempts.ts', 'MAX_FAILURES = 10;\nconst WINDOW_MS = 60_000;']],
  },
];

const WHO_MAY_ASK: readonly Claim[] = [
  {
    begins: 'The web side listens on',
    provedBy: [
      ['config/load.test.ts', 'defaults and overrides > every key has a default but devices and credentials'],
      ['deploy/sample-configs.test.ts', 'the example > says the defaults as they are'],
    ],
  },
  {
    begins: 'On loopback without credentials',
    provedBy: [
      [
        'http/request-origin.test.ts',
        'a loopback server answers to %s',
        'a name that was made to point at loopback (%j) is answered nothing',
        '%s can neither reload nor poll',
      ],
    ],
  },
  {
    begins: 'Whatever is asked, no answer',
    provedBy: [
      [
        'hostile/http-queries.test.ts',
        'any request > is answered, never with a failure of ours, never with data of a device, group or incident that it does not name',
        'any request > with a hostile name, or one hostile value of a parameter that the route has, is refused or answered with nothing',
        'if tokens are required, any request > without one of them gets nothing of the network',
        'every route of the server is asked',
      ],
    ],
  },
  { begins: 'Before you open it to a network', needsNoProof: ADVICE },
  {
    begins: '`web.yml` has the format',
    provedBy: [
      [
        'config/web-config.test.ts',
        'the web configuration file of the exporter-toolkit > gives TLS, users and headers',
      ],
    ],
  },
  { begins: 'A hash for a user comes from', needsNoProof: 'how to make one, with a tool that is not ours' },
  {
    begins: '`client_ca_file` with',
    provedBy: [
      ['http/tls.test.ts', 'with a CA for clients, lets in only who has a certificate of it'],
      ['config/web-config.test.ts', 'what is wrong with it is one line with its place in that file > %s'],
    ],
  },
  {
    begins: 'The lines of `tokens` are',
    provedBy: [
      [
        'config/web-config.test.ts',
        'the file of tokens > has tokens or their digests; only digests are kept',
        'the file of tokens > %s is refused, without showing it',
      ],
    ],
  },
  {
    begins: '`read` may read everything',
    provedBy: [
      [
        'http/authentication.test.ts',
        'a token with scope read may read, and nothing that polls or reloads',
        'a token with scope operate may both',
      ],
      [
        'hostile/http-queries.test.ts',
        'if tokens are required, any request > with one that may only read polls nothing and reloads nothing',
      ],
    ],
  },
  {
    begins: 'A reload takes new users',
    provedBy: [
      [
        'config/reload-diff.test.ts',
        'a reload > users, tokens, certificates, targets and receivers of events need no restart',
      ],
      ['http/authentication.test.ts', 'a changed password counts at once, the old one no more'],
      ['http/tls.test.ts', 'a renewed certificate is served without a restart'],
    ],
  },
  {
    begins: '`/-/healthy` and `/-/ready` need',
    provedBy: [['http/authentication.test.ts', 'without a credential everything is closed but liveness']],
  },
  {
    begins: 'If only tokens are configured',
    provedBy: [
      [
        'http/authentication.test.ts',
        'the page’s own files need a user if users are configured, and are open if only tokens are',
      ],
      [
        'http/page-files.test.ts',
        'the shell > names a script, a style sheet and an icon, and contains no script or style itself',
      ],
    ],
  },
  {
    begins: 'Without users and tokens everyone',
    provedBy: [
      ['http/server.test.ts', 'a reload answers what changed, or 422 and why it was refused'],
      ['http/prometheus.test.ts', '/probe > polls the device and answers its metrics, success and duration'],
      [
        'config/web-config.test.ts',
        'an address that others reach > %s without users and tokens is a doubt',
        'an address that others reach > with either, or on loopback, is no warning',
      ],
    ],
  },
];

const LEFT_TO_YOU: readonly Claim[] = [
  { begins: 'Reach: put the agent', needsNoProof: ADVICE },
  { begins: 'The host: whoever is root', needsNoProof: 'how operating systems are: nothing of ours could change it' },
  {
    begins: 'The [systemd unit]',
    provedBy: [
      [
        'deploy/systemd.test.ts',
        'the configuration for the service reads the credentials that the unit loads',
        'gdoiwatch.service > can do little beyond its work',
      ],
    ],
  },
  { begins: 'Read-only users on the routers', needsNoProof: ADVICE },
  {
    begins: 'The agent sends nothing but',
    provedBy: [
      ['access/ssh-dialogue.test.ts', 'a session with an IOS device, held $where > writes nothing but the fixed list'],
    ],
  },
  { begins: 'Reports of vulnerabilities', needsNoProof: ADVICE },
];

export const CLAIMS: readonly Claim[] = [
  ...BOUNDARIES,
  ...SENT,
  ...DISCOVERY,
  ...HINTS,
  ...SECRETS,
  ...FAULTS,
  ...BOUNDS,
  ...WHO_MAY_ASK,
  ...LEFT_TO_YOU,
];
