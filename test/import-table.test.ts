/** The linter's import table refuses what it should: a pattern that its engine does not understand would pass it all. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Room -> imports it may not have, and some that it may. */
const TABLE: Readonly<Record<string, { readonly refused: readonly string[]; readonly allowed: readonly string[] }>> = {
  gdoi: { refused: ['node:fs', 'zod', '../ports/clock.ts', '../ios/parse.ts'], allowed: ['./snapshot.ts'] },
  ios: { refused: ['node:fs', '../ports/clock.ts', '../mib/x.ts'], allowed: ['./parse.ts', '../gdoi/snapshot.ts'] },
  mib: { refused: ['net-snmp', '../ports/clock.ts', '../ios/x.ts'], allowed: ['./x.ts', '../gdoi/snapshot.ts'] },
  access: { refused: ['../ios/parse.ts', '../agent/agent.ts'], allowed: ['node:net', '../ports/clock.ts'] },
  config: { refused: ['../access/device-snmp.ts', '../agent/agent.ts'], allowed: ['zod', '../ports/secret.ts'] },
  store: { refused: ['../agent/agent.ts', '../http/server.ts'], allowed: ['../gdoi/event.ts'] },
  agent: { refused: ['../http/server.ts', '../cli/main.ts', '../simulator/fleet.ts'], allowed: ['../mib/x.ts'] },
  export: { refused: ['../agent/agent.ts', '../store/event-store.ts'], allowed: ['../agent/read-model.ts'] },
  http: { refused: ['../agent/scheduler.ts', '../export/x.ts'], allowed: ['fastify', '../agent/device-view.ts'] },
  simulator: { refused: ['../gdoi/snapshot.ts', '../mib/x.ts'], allowed: ['ssh2', '../ports/clock.ts'] },
  page: { refused: ['node:fs', '../agent/agent.ts', '../http/server.ts'], allowed: ['../gdoi/event.ts', './main.tsx'] },
  ports: { refused: ['../gdoi/snapshot.ts'], allowed: ['node:timers'] },
};

test('each room is refused what it may not import, and nothing else', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-imports-'));
  try {
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(directory, '.oxlintrc.json'));
    for (const [room, { refused, allowed }] of Object.entries(TABLE)) {
      const file = join(directory, 'src', room, 'probe.ts');
      mkdirSync(dirname(file), { recursive: true });
      const lines = [...refused, ...allowed].map((name, n) => `import { a as a${n} } from '${name}';`);
      writeFileSync(file, `${lines.join('\n')}\n`);
    }
    const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/oxlint'), ['-f', 'unix', 'src'], {
      cwd: directory,
      encoding: 'utf8',
    });
    for (const [room, { refused, allowed }] of Object.entries(TABLE)) {
      const told = stdout.split('\n').filter((line) => line.includes(`/${room}/probe.ts:`));
      const of = (name: string) => told.some((line) => line.includes(`'${name}' import is restricted`));
      expect({ room, refused: refused.filter((name) => !of(name)) }).toEqual({ room, refused: [] });
      expect({ room, allowed: allowed.filter(of) }).toEqual({ room, allowed: [] });
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
