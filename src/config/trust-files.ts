/**
 * The files that say which device is the right one (`known_hosts`, `known_certificates`): can they be used as the
 * configuration has it? A doubt and no error: they are looked at again at each login, so that mending one needs no
 * reload, and devices that need none are polled meanwhile.
 */
import { constants } from 'node:fs';
import { access, readlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Problem, quoted, type SettingPath, warningAt } from './finding.ts';
import { codeOf } from '../kernel/error-code.ts';
import { systemReason } from '../kernel/system-reason.ts';
import { readFileFromDisk } from './read-file.ts';
import type { ResolvedConfig } from './resolved-config.ts';

type Use = 'read' | 'append';

/** What keeps a file from being used, for the end of `"/x" cannot be read: ...`. A file that is not there is empty. */
export type FileTrouble = (
  path: string,
  use: Use,
) => Promise<{ readonly verb: 'read' | 'written'; readonly reason: string } | null>;

/** Larger than the keys of any fleet. */
const MAX_BYTES = 64 * 1024 * 1024;

export const troubleOnDisk: FileTrouble = async (path, use) => {
  let written = path;
  try {
    await readFileFromDisk(path, MAX_BYTES);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return { verb: 'read', reason: systemReason(error) };
    const target = await targetOf(path);
    if (target !== null && use === 'read') {
      return { verb: 'read', reason: `it is a link to ${quoted(target)}, which does not exist` };
    }
    written = dirname(target ?? path);
  }
  if (use === 'read') return null;
  try {
    await access(written, constants.W_OK);
    return null;
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? `there is no directory ${quoted(written)}` : systemReason(error);
    return { verb: 'written', reason };
  }
};

/** null: it is no link. */
async function targetOf(path: string): Promise<string | null> {
  return readlink(path).then(
    (target) => resolve(dirname(path), target),
    () => null,
  );
}

type Configured = Pick<ResolvedConfig, 'devices' | 'ssh' | 'restconf'> & {
  /** What devices of targets may have; null: there are no targets. */
  readonly ofTargets: 'strict' | 'accept-new' | null;
  /** Agents that share a store remember new keys there, whatever becomes of the file. */
  readonly shared: boolean;
};

export async function trustFileProblems(config: Configured, trouble: FileTrouble): Promise<readonly Problem[]> {
  const { devices, ofTargets } = config;
  const ssh = devices.flatMap((device) => (device.ssh === null ? [] : [device.ssh]));
  const hostKeys = [
    ...ssh.flatMap(({ hostKeys: own, jumps = [] }) => [own, ...jumps.map((jump) => jump.hostKeys)]),
    ...(ofTargets === null ? [] : [ofTargets]),
  ];
  const certificates = devices.flatMap(({ restconf }) =>
    restconf === null || restconf.trust.fingerprint !== null ? [] : [restconf.trust.certificates],
  );
  const ofSsh = { path: ['ssh', 'known_hosts'], file: config.ssh.knownHostsPath, what: 'host key', of: 'SSH' };
  const ofRestconf = {
    path: ['restconf', 'known_certificates'],
    file: config.restconf.knownCertificatesPath,
    what: 'certificate',
    of: 'RESTCONF',
  };
  const files = [
    { ...ofSsh, asked: hostKeys },
    { ...ofRestconf, asked: certificates },
  ];
  const problems: Problem[] = [];
  for (const { asked, ...file } of files) {
    if (asked.length === 0) continue;
    const use = asked.includes('accept-new') && !config.shared ? 'append' : 'read';
    const found = await trouble(file.file, use);
    if (found !== null) problems.push(problemOf(file, found));
  }
  return problems;
}

function problemOf(
  {
    path,
    file,
    what,
    of,
  }: { readonly path: SettingPath; readonly file: string; readonly what: string; readonly of: string },
  { verb, reason }: NonNullable<Awaited<ReturnType<FileTrouble>>>,
): Problem {
  const costs =
    verb === 'read'
      ? `no ${what} can be checked, so the agent logs in to no device over ${of}`
      : `a ${what} that is not in it is refused, although host_keys is accept-new`;
  return warningAt(path, `${quoted(file)} cannot be ${verb}: ${reason}; until it can, ${costs}`);
}
