/**
 * In front of every route: headers, then from which site, then who. A route says by `config.access` what it takes:
 * `open` for liveness, `operate` for what acts or polls, `shell` for the page's own files, otherwise a reader.
 *
 * A browser asks a person for user and password by itself, but sends a token only from a script: so the shell, which
 * holds nothing of the network, is closed where there are users, and open where there are tokens only.
 */
import type { FastifyReply } from 'fastify';
import type { App } from '../base/app-type.ts';
import type { HttpCounters } from '../base/counters.ts';
import type { HttpOptions, Scope } from '../base/options.ts';
import { sendProblem } from '../base/problem.ts';
import { BcryptThread } from './bcrypt-thread.ts';
import { Authentication, needsCredentials } from './authentication.ts';
import { isCrossSite, isLoopback, namesLoopback } from './request-origin.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: 'open' | 'operate' | 'shell';
  }
  interface FastifyRequest {
    /** What the credential allows. */
    scope: Scope;
  }
}

export function guard(app: App, options: HttpOptions, counters: HttpCounters): void {
  const bcrypt = new BcryptThread();
  const compare = (password: string, hash: string) => bcrypt.compare(password, hash);
  const authentication = new Authentication(options.network, counters, compare);
  app.addHook('onClose', () => bcrypt[Symbol.asyncDispose]());
  const onLoopback = isLoopback(options.host);

  app.decorateRequest('scope', 'read');
  app.addHook('onRequest', async (request, reply) => {
    const web = options.web();
    void reply.headers({ 'cache-control': 'no-store', ...SECURITY_HEADERS, ...web.headers });
    const { access } = request.routeOptions.config;
    if (onLoopback && !needsCredentials(web) && !namesLoopback(request.headers)) {
      counters.crossSiteRefused += 1;
      return sendProblem(reply, 421, 'This server listens on loopback and answers to no other name.');
    }
    const acts = access === 'operate' || (request.method !== 'GET' && request.method !== 'HEAD');
    if (acts && isCrossSite(request.headers)) return refuseCrossSite(reply, counters);
    if (access === 'open' || (access === 'shell' && web.basicAuthUsers.size === 0)) return undefined;
    const admission = await authentication.admit(web, request.headers.authorization, request.ip);
    switch (admission.kind) {
      case 'admitted':
        request.scope = admission.scope;
        // Not the reply: it would be waited for.
        return access === 'operate' && admission.scope !== 'operate' ? lacksScope(reply) : undefined;
      case 'refused':
        return sendProblem(
          reply.header('www-authenticate', [...admission.challenges]),
          401,
          'A user or token of this server is needed.',
        );
      case 'limited':
        return sendProblem(reply, 429, 'Too many wrong or unchecked credentials from this address.', admission);
      default:
        return admission satisfies never;
    }
  });
}

/** Also for what acts by a parameter of a route that does not. */
export function lacksScope(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, 403, 'This token may read; polling, reloading and planned work need the scope operate.');
}

export function refuseCrossSite(reply: FastifyReply, counters: HttpCounters): FastifyReply {
  counters.crossSiteRefused += 1;
  return sendProblem(reply, 403, 'A page of another site may not ask for this.');
}
