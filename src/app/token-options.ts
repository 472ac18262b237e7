import { join } from 'node:path';
import { makeDataDir } from '../db/embedded/home.ts';
import { secretFile } from '../db/embedded/secret-file.ts';
import type { TokenOptions } from '../http/tokens.ts';
import type { Config } from './config.ts';

/**
 * How tokens are checked and issued. Where the settings name neither a secret nor an issuer (the embedded demo
 * only, see config.ts), a random secret is made once in the data folder: tokens outlive a restart.
 */
export async function tokenOptions({ jwt, dataDir }: Config): Promise<TokenOptions> {
  if (jwt.secret || jwt.jwksUrl) return jwt;
  await makeDataDir(dataDir);
  return { ...jwt, secret: await secretFile(join(dataDir, 'development-secret')) };
}
