/**
 * The list of what a release is made of, as CycloneDX on stdout: `node .config/sbom.mjs > sbom.json`.
 *
 * npm's own `--omit=dev` leaves out what tools and product share (yaml, zod), so its whole list is taken and the tools go
 * by the lock file. What the page's bundle holds ships too.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const BUNDLED = ['preact'];

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const shipped = new Set(
  Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !(dev ?? devOptional ?? false))
    .map(([path, { version }]) => `${nameOf(path)}@${version}`),
);
for (const name of BUNDLED) shipped.add(`${name}@${packages[`node_modules/${name}`].version}`);

const whole = JSON.parse(
  execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  }),
);
const components = whole.components.filter(({ group, name, version }) =>
  shipped.has(`${group === undefined ? '' : `${group}/`}${name}@${version}`),
);
const refs = new Set(components.map((component) => component['bom-ref']));
const own = whole.metadata.component['bom-ref'];
const dependencies = whole.dependencies
  .filter(({ ref }) => ref === own || refs.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
process.stdout.write(`${JSON.stringify({ ...whole, components, dependencies }, null, 2)}\n`);

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
