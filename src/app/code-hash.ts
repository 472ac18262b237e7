import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where answers, values of fields and what is known of viewers are made. */
const folders = ['db', 'graphql', 'http', 'modules'];

/**
 * Names the code below `root` that makes what is kept. Another release may make it otherwise, in another shape or for
 * fewer people, though its schema is the same: nodes that run different code share nothing.
 */
export function hashCode(root: string): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).toSorted();
    for (const file of files) {
      if (!/(?<!\.d)\.(ts|js|sql)$/.test(file)) continue;
      hash.update(`${folder}/${file}\0`).update(readFileSync(join(root, folder, file)));
    }
  }
  return hash.digest('base64url').slice(0, 16);
}
