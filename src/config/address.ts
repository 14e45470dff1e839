/** Host names and listen addresses. */
import { isIP } from 'node:net';
import { isLoopback } from '../kernel/loopback.ts';
import type { HostAndPort, ListenerAddress } from './resolved-config.ts';

/** DNS name; underscores are not in the standard, but are in use. */
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/;

/** An IP address or a host name. A name of digits and dots only is a mistyped address. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return HOST_NAME.test(text) && !/^[\d.]+$/.test(text);
}

/** `host`, `host:22`, `[2001:db8::1]:22`, `:22`; null for anything else. The host itself is not checked. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number | null } | null {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([^[\]:/\s]{0,253}))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  return host === undefined ? null : { host, port: match?.[3] === undefined ? null : Number(match[3]) };
}

/** `127.0.0.1:9848`, `[::1]:9848`, `localhost:9848`, or `:9848` for every IPv4 address; null for anything else. */
export function parseListenAddress(text: string): HostAndPort | null {
  const { host = '', port = null } = hostAndPort(text) ?? {};
  if (port === null || port > 65_535) return null;
  if (text.startsWith('[')) return isIP(host) === 6 ? { host, port } : null;
  if (host === '') return { host: '0.0.0.0', port };
  return isHost(host) ? { host, port } : null;
}

/** `udp://host:port` or `tcp://host:port`; null for anything else. */
export function parseListenerAddress(text: string): ListenerAddress | null {
  const match = /^(udp|tcp):\/\/(.{1,270})$/.exec(text);
  const address = parseListenAddress(match?.[2] ?? '');
  return address === null ? null : { protocol: match?.[1] === 'tcp' ? 'tcp' : 'udp', ...address };
}

/** Plain HTTP that leaves this machine: anyone on the path can read and change it. */
export function isPlainAndRemote(url: string): boolean {
  const { protocol } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostOfUrl(url));
}

/** An IPv6 address without its brackets. */
export function hostOfUrl(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

/** `192.0.2.53`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isPrefix(text: string): boolean {
  const [address = '', length, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 6 ? 128 : 32));
}
