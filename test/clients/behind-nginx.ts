import { describe, it } from 'vitest';
import { nginxPath } from './nginx.ts';

/** Settings of an nginx that keeps whatever it is not forbidden to, of POST too, where nothing is said for ten minutes. */
export const eager = `
  proxy_http_version 1.1;
  proxy_cache_methods GET HEAD POST;
  proxy_cache_key "$request_method $request_uri $request_body";
  proxy_cache_valid any 10m;
  proxy_cache_use_stale error timeout invalid_header updating http_500 http_502 http_503 http_504;
  client_body_buffer_size 256k;
`;

/** Tests that need nginx: passed over where it is missing, but not where all tests are to run. */
export function describeBehindNginx(tests: () => void): void {
  if (process.env['CI'] && !nginxPath) {
    it('nginx is installed where all tests are to run', () => {
      throw new Error('nginx is missing: run script/bootstrap.');
    });
  }
  describe.skipIf(!nginxPath)(
    'behind nginx (skipped where it is not installed: run script/bootstrap)',
    { timeout: 60_000 },
    tests,
  );
}
