/**
 * A target with its secrets as their sources have them now, made before a login: a changed file, variable or vault
 * entry applies at once, without a reload. Returns the same object if nothing changed.
 */
import type { Secret } from '../kernel/secret.ts';
import type { RestconfTarget } from './device-restconf.ts';
import type { JumpTarget, SshTarget } from './device-session.ts';
import type { SnmpCredential, SnmpTarget } from './device-snmp.ts';

export async function renewedSshTarget(target: SshTarget): Promise<SshTarget> {
  const [login, enablePassword, jumps] = await Promise.all([
    renewedLogin(target),
    renewed(target.enablePassword),
    Promise.all((target.jumps ?? []).map(renewedLogin)),
  ]);
  const sameJumps = jumps.every((jump, index) => jump === target.jumps?.[index]);
  if (login === target && enablePassword === target.enablePassword && sameJumps) return target;
  return { ...login, enablePassword, ...(sameJumps ? {} : { jumps }) };
}

export async function renewedSnmpTarget(target: SnmpTarget): Promise<SnmpTarget> {
  const credential = await renewedSnmpCredential(target.credential);
  return credential === target.credential ? target : { ...target, credential };
}

export async function renewedRestconfTarget(target: RestconfTarget): Promise<RestconfTarget> {
  const { credential } = target;
  const password = await renewed(credential.password);
  return password === credential.password ? target : { ...target, credential: { ...credential, password } };
}

type Login = Pick<JumpTarget, 'password' | 'privateKey' | 'passphrase'>;

async function renewedLogin<T extends Login>(host: T): Promise<T> {
  const [password, privateKey, passphrase] = await Promise.all([
    renewed(host.password),
    renewed(host.privateKey),
    renewed(host.passphrase),
  ]);
  const same = password === host.password && privateKey === host.privateKey && passphrase === host.passphrase;
  return same ? host : { ...host, password, privateKey, passphrase };
}

async function renewedSnmpCredential(credential: SnmpCredential): Promise<SnmpCredential> {
  if (credential.version === '2c') {
    const community = await credential.community.renewed();
    return community === credential.community ? credential : { ...credential, community };
  }
  const { auth, privacy } = credential;
  const [authPassword, privacyPassword] = await Promise.all([
    renewed(auth?.password ?? null),
    renewed(privacy?.password ?? null),
  ]);
  const same = authPassword === (auth?.password ?? null) && privacyPassword === (privacy?.password ?? null);
  if (same) return credential;
  return {
    ...credential,
    auth: auth === null || authPassword === null ? auth : { ...auth, password: authPassword },
    privacy: privacy === null || privacyPassword === null ? privacy : { ...privacy, password: privacyPassword },
  };
}

async function renewed(secret: Secret | null): Promise<Secret | null> {
  return secret === null ? null : secret.renewed();
}
