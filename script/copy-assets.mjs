// What the compiler leaves to us: everything under src/ that is not TypeScript goes to dist/ (SQL migrations, pages),
// and what has no source any more leaves it. A migration that was renamed must not run under both names.
import { chmodSync, cpSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const isFile = (path) => statSync(path).isFile();
const sourceOf = (name) => join('src', name.replace(/\.(d\.ts|js|js\.map)$/, '.ts'));

for (const name of readdirSync('dist', { recursive: true })) {
  const built = join('dist', name);
  if (isFile(built) && !existsSync(sourceOf(name)) && !existsSync(join('src', name))) rmSync(built);
}
cpSync('src', 'dist', { recursive: true, filter: isAsset });
chmodSync('dist/cli/main.js', 0o755);

function isAsset(path) {
  if (!isFile(path)) return true;
  const twin = path.replace(/\.js$/, '.ts');
  if (twin !== path && existsSync(twin))
    throw new Error(`${path} would overwrite what ${twin} compiles to: rename it.`);
  return !/\.tsx?$/.test(path);
}
