// What the compiler does not copy: everything under src/ that is not TypeScript (SQL migrations, pages).
import { cpSync } from 'node:fs';
import { statSync } from 'node:fs';

cpSync('src', 'dist', {
  recursive: true,
  filter: (path) => statSync(path).isDirectory() || !/\.tsx?$/.test(path),
});
