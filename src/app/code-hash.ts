import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the values of fields are made. */
const folders = ['db', 'graphql', 'modules'];

/**
 * Names the code below `root` that makes the values of fields. Another release may make them otherwise, in another shape,
 * though its schema is the same: nodes that run different code share none.
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
