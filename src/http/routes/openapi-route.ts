/** `/api/openapi.json`: OpenAPI 3.1, made from the schemas that check requests and write answers. */
import swagger from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { App } from '../base/app-type.ts';
import { components } from '../schemas/components.ts';

const TITLE = 'gdoiwatch';

/** Call before the routes that it describes. */
export async function openApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: TITLE,
        version,
        description:
          'GETVPN (GDOI) group members and key servers: state, health, history. `null` is "not known", never 0.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [{ name: 'devices' }, { name: 'groups' }, { name: 'events' }, { name: 'prometheus' }],
      components: {
        securitySchemes: {
          basic: { type: 'http', scheme: 'basic' },
          token: { type: 'http', scheme: 'bearer' },
        },
      },
      // Without users and tokens no credential is needed.
      security: [{}, { basic: [] }, { token: [] }],
    },
    transform: createJsonSchemaTransform({ schemaRegistry: components }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry: components }),
  });
}

/** Relative to the document: a proxy may have all of it below a prefix. */
const SERVERS = [{ url: '../' }];

export function openApiRoute(app: App): void {
  let document: string | null = null;
  app.get('/api/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    document ??= JSON.stringify({ ...app.swagger(), servers: SERVERS });
    return reply.type('application/json').send(document);
  });
}
