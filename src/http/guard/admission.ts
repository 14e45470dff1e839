/**
 * Before every route: headers, then the origin of the request, then the client. A route declares in `config.access`
 * what it needs: `open` for liveness, `operate` for what acts or polls, `shell` for the page's own files, otherwise a
 * reader.
 *
 * A browser asks a person for user and password by itself, but sends a token only from a script. So the shell, which
 * contains nothing about the network, is closed if there are users, and open if there are only tokens.
 */
import type { FastifyReply } from 'fastify';
import { isLoopback } from '../../kernel/loopback.ts';
import type { App } from '../base/app-type.ts';
import type { HttpCounters } from '../base/counters.ts';
import type { HttpOptions, Scope } from '../base/options.ts';
import { sendProblem } from '../base/problem.ts';
import { BcryptThread } from './bcrypt-thread.ts';
import { Authentication, needsCredentials } from './authentication.ts';
import { isCrossSite, namesLoopback } from './request-origin.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** Also what an operator of a reverse proxy reads who sends the outer name. */
const NO_OTHER_NAME =
  'This server listens on loopback and answers to no other name. A reverse proxy has to send Host as in its own request (127.0.0.1); or set users or tokens (web).';

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
      return sendProblem(reply, 421, NO_OTHER_NAME);
    }
    const acts = access === 'operate' || (request.method !== 'GET' && request.method !== 'HEAD');
    if (acts && isCrossSite(request.headers)) return refuseCrossSite(reply, counters);
    if (access === 'open' || (access === 'shell' && web.basicAuthUsers.size === 0)) return undefined;
    const admission = await authentication.admit(web, request.headers.authorization, request.ip);
    switch (admission.kind) {
      case 'admitted':
        request.scope = admission.scope;
        // Not the reply: returning it would make Fastify wait for it.
        return access === 'operate' && admission.scope !== 'operate' ? lacksScope(reply) : undefined;
      case 'refused':
        return sendProblem(
          reply.header('www-authenticate', [...admission.challenges]),
          401,
          'This server needs a user or a token.',
        );
      case 'limited':
        return sendProblem(reply, 429, 'Too many wrong or unchecked credentials from this address.', admission);
      default:
        return admission satisfies never;
    }
  });
}

/** Also for a parameter that acts, on a route that otherwise only reads. */
export function lacksScope(reply: FastifyReply): FastifyReply {
  return sendProblem(
    reply,
    403,
    'This token may only read; polling, reloading and planned work need the scope operate.',
  );
}

export function refuseCrossSite(reply: FastifyReply, counters: HttpCounters): FastifyReply {
  counters.crossSiteRefused += 1;
  return sendProblem(reply, 403, 'A page of another site may not ask for this.');
}
